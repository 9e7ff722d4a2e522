await activitysmith.liveActivities.end({
  activity_id: activityId,
  content_state: {
    title: "Nightly database backup",
    subtitle: "verify restore",
    number_of_steps: 3,
    current_step: 3,
    auto_dismiss_minutes: 2,
  },
});
