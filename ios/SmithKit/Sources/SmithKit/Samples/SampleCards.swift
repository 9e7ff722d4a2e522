import Foundation

/// A content state of each type, for previews.
public enum SampleCards {
    public static let alert: ContentState = [
        "type": "alert", "title": "Database", "message": "Replication is 40 seconds behind. The primary is fine.", "color": "red",
        "icon": ["symbol": "exclamationmark.triangle", "color": "orange"], "badge": ["title": "Production", "color": "red"],
        "action": ["id": "01a20000-0000-7000-8000-000000000001", "title": "Acknowledge", "type": "webhook"],
        "secondary_action": [
            "id": "01a20000-0000-7000-8000-000000000002", "title": "Graphs", "type": "open_url", "url": "https://example.com/graphs",
        ],
    ]
    public static let countdown: ContentState = [
        "type": "countdown", "title": "Seats left", "number_of_steps": 20, "current_step": 17, "color": "purple",
    ]
    public static let counter: ContentState = [
        "type": "counter", "title": "Parcels packed", "number_of_steps": 40, "current_step": 12, "color": "cyan",
    ]
    public static let metrics: ContentState = [
        "type": "metrics", "title": "web-1", "subtitle": "Frankfurt", "color": "lime",
        "metrics": [
            ["label": "CPU", "value": 42, "unit": "%"], ["label": "Memory", "value": 81.5, "unit": "%", "color": "orange"],
            ["label": "Requests", "value": 1240, "unit": "per second"], ["label": "State", "value": "healthy"],
        ],
    ]
    public static let progress: ContentState = [
        "type": "progress", "title": "Backup", "subtitle": "12 of 28 GB", "percentage": 42, "color": "green",
        "icon": ["symbol": "externaldrive"],
    ]
    public static let segmentedProgress: ContentState = [
        "type": "segmented_progress", "title": "Deploy api v1.42.0", "subtitle": "Running migrations", "number_of_steps": 5,
        "current_step": 3, "step_color": "yellow", "step_colors": ["green", "green"], "icon": ["symbol": "shippingbox"],
    ]
    public static let stats: ContentState = [
        "type": "stats", "title": "Today", "color": "magenta",
        "metrics": [
            ["label": "Sign-ups", "value": 128], ["label": "Revenue", "value": "4,210 €"],
            ["label": "Churn", "value": 0.8, "unit": "%", "color": "red"],
        ],
    ]
    public static let value: ContentState = ["type": "value", "title": "People online", "value": 1523, "color": "blue"]

    /// A timer that runs: it began two minutes ago, and has three to go.
    public static var timer: ContentState {
        let now = Date.now.timeIntervalSince1970
        return [
            "type": "timer", "title": "Tea", "color": "orange", "icon": ["symbol": "cup.and.saucer"],
            "timer": ["counts_down": true, "starts_at": .number(now - 120), "ends_at": .number(now + 180)],
        ]
    }

    /// All of them.
    public static var all: [ContentState] {
        [segmentedProgress, progress, metrics, stats, alert, timer, value, counter, countdown]
    }
}
