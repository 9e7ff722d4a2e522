import os
from activitysmith import ActivitySmith
activitysmith = ActivitySmith(
    api_key=os.environ.get("ACTIVITYSMITH_API_KEY", "YOUR-API-KEY")
)
start = activitysmith.live_activities.start(
    {
        "content_state": {
            "title": "EV Charging",
            "subtitle": "Added 30 mi range",
            "percentage": 15,
            "type": "progress",
            "color": "lime",
        }
    }
)
activity_id = start.activity_id
