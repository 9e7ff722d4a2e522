import os
from activitysmith import ActivitySmith
activitysmith = ActivitySmith(
    api_key=os.environ.get("ACTIVITYSMITH_API_KEY", "YOUR-API-KEY")
)
activitysmith.live_activities.update(
    {
        "activity_id": "pLAr-Hnq9ZFW4sxlk43Lhbuok4GLh7UW",
        "content_state": {
            "title": "Nightly database backup",
            "subtitle": "upload archive",
            "current_step": 2,
        },
    }
)
