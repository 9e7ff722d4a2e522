activitysmith.notifications.send(
    {
        "title": "New subscription 💸",
        "message": "Customer upgraded to Pro plan",
        "channels": ["ios-builds", "engineering"],
    }
)
activitysmith.live_activities.start(
    {
        "channels": ["ios-builds"],
        "content_state": {
            "title": "Nightly database backup",
            "number_of_steps": 3,
            "current_step": 1,
            "type": "segmented_progress",
        },
    }
)
