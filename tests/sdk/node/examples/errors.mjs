try {
  await activitysmith.notifications.send({ title: "Hello" });
} catch (error) {
  console.error(error);
}
