import os
from activitysmith import ActivitySmith
activitysmith = ActivitySmith(
    api_key=os.environ.get("ACTIVITYSMITH_API_KEY", "YOUR-API-KEY")
)
activitysmith.live_activities.end(
    {
        "activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW",
        "content_state": {
            "title": "EV Charging",
            "subtitle": "Added 200 mi range",
            "percentage": 100,
            "auto_dismiss_minutes": 2,
        },
    }
)
