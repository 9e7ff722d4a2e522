await activitysmith.liveActivities.update({
  activity_id: activityId,
  content_state: {
    title: "Reindexing product search",
    subtitle: "Shard 7 of 12",
    number_of_steps: 12,
    current_step: 7,
  },
  action: {
    title: "Pause Reindex",
    type: "webhook",
    url: "https://ops.example.com/hooks/search/reindex/pause",
    method: "POST",
    body: {
      job_id: "reindex-2026-03-19",
      requested_by: "activitysmith-node",
    },
  },
});
