// What the kit has read, as JSON for the test.

import Foundation
import SmithKit

func describe(_ error: any Error) -> JSONValue {
    let words: JSONValue = .string(error.localizedDescription)
    return switch error as? DeviceAPIError {
    case .unpaired: ["kind": "unpaired", "words": words]
    case .refused(let status, let name, _): ["kind": "refused", "status": .number(Double(status)), "name": .string(name), "words": words]
    case .unreachable: ["kind": "unreachable", "words": words]
    case nil: ["kind": .string(String(describing: type(of: error))), "words": words]
    }
}

func describe(_ state: DeviceState) -> JSONValue {
    let activities = state.activities.map { one -> JSONValue in
        ["activity": .string(one.activityID), "phase": text(one.phase?.rawValue), "title": text(one.contentState?.title), "timestamp": seconds(one.timestamp)]
    }
    return [
        "activities": .array(activities), "badge": number(state.badge), "version": .string(state.version),
        "device": ["id": text(state.device?.id), "state": text(state.device?.state), "push": text(state.device?.pushToken.state)],
    ]
}

func describe(_ push: PushPayload) -> JSONValue {
    let plan = NotificationCategoryPlan(push.content)
    let buttons = (plan?.buttons ?? []).map { button -> JSONValue in
        ["id": .string(button.identifier), "title": .string(button.title), "opens_app": .bool(button.opensApp)]
    }
    return [
        "id": text(push.content.id), "title": .string(push.content.title), "subtitle": text(push.content.subtitle),
        "message": text(push.content.message), "media": text(push.content.media?.absoluteString),
        "icon": text(push.content.icon?.absoluteString), "redirection": text(push.content.redirection?.absoluteString),
        "payload": push.content.payload.map(JSONValue.object) ?? .null, "buttons": .array(buttons), "badge": number(push.badge),
        "sound": text(push.sound), "level": .string(push.interruptionLevel.rawValue), "thread": text(push.threadID),
        "mutable": .bool(push.isMutable), "has_alert": .bool(push.hasAlert), "silent": .bool(push.isSilent),
    ]
}

func describe(_ push: ActivityPush?) -> JSONValue {
    guard let push else { return .null }
    let layout = push.contentState.map { CardLayout(state: $0, at: Date(timeIntervalSince1970: Double(push.timestamp))) }
    let buttons = (layout?.buttons ?? []).map { button -> JSONValue in ["id": .string(button.id), "title": .string(button.title)] }
    return [
        "event": .string(push.event.rawValue), "timestamp": .number(Double(push.timestamp)),
        "activity": text(push.attributes?.activityID), "attributes_type": text(push.attributesType),
        "state": push.contentState.map { .object($0.fields) } ?? .null, "unknown": push.contentState.map { .object($0.unknown) } ?? .null,
        "type": text(push.contentState?.type), "title": text(layout?.title), "said": text(layout?.accessibilityLabel),
        "buttons": .array(buttons), "stale_at": seconds(push.staleDate), "dismiss_at": seconds(push.dismissalDate),
        "alert": push.alert.map(JSONValue.object) ?? .null,
    ]
}

func describe(_ page: NotificationPage) -> JSONValue {
    let notifications = page.notifications.map { one -> JSONValue in
        ["id": .string(one.id), "title": .string(one.content.title), "version": .number(Double(one.version)), "buttons": .array(one.content.buttons.map { .string($0.title) })]
    }
    return ["notifications": .array(notifications), "next": text(page.nextPageToken)]
}

func describe(_ outcome: TapOutcome) -> JSONValue {
    switch outcome {
    case .open(let url): ["open": .string(url.absoluteString)]
    case .run(let id, let title): ["run": .string(id), "title": .string(title)]
    case .show(let id): ["show": text(id)]
    case .nothing: [:]
    }
}

func describe(_ run: ActionRun) -> JSONValue {
    ["id": .string(run.id), "state": .string(run.state.rawValue), "status": number(run.statusCode), "words": .string(run.message)]
}

func describe(_ test: TestNotification) -> JSONValue {
    ["id": .string(test.notificationID), "taken": .bool(test.isTaken)]
}

func describe(_ snapshot: MetricBoard.Snapshot) -> JSONValue {
    let metrics = snapshot.metrics.map { ["key": .string($0.key), "words": .string($0.words(locale: Locale(identifier: "en_US")))] as JSONValue }
    return ["metrics": .array(metrics), "trouble": text(snapshot.trouble)]
}

func describe(_ summary: ReportSummary) -> JSONValue {
    [
        "push": .string(summary.pushToken.rawValue), "start": .string(summary.pushToStartToken.rawValue),
        "update_tokens": [.number(Double(summary.updateTokensHeard)), .number(Double(summary.updateTokensOwed))],
        "dismissals_owed": .number(Double(summary.dismissalsOwed)), "problems": .array(summary.problems.map { .string($0.words) }),
    ]
}

func describe(_ step: CatchUp.Step) -> JSONValue {
    switch step {
    case .start(let id, let state, let timestamp, _, let pushType):
        [
            "step": "start", "activity": .string(id), "title": .string(state.title), "timestamp": seconds(timestamp),
            "channel": channel(pushType),
        ]
    case .update(let card, let state, let timestamp, _):
        ["step": "update", "card": .string(card), "title": .string(state.title), "timestamp": seconds(timestamp)]
    case .end(let card, let state, _, let dismissAt):
        ["step": "end", "card": .string(card), "title": text(state?.title), "stays": .bool(dismissAt != nil)]
    case .leave(let id, let reason): ["step": "leave", "activity": .string(id), "because": .string(reason.rawValue)]
    }
}

private func channel(_ pushType: CatchUp.PushType) -> JSONValue {
    switch pushType {
    case .token: .null
    case .channel(let id): .string(id)
    }
}

private func text(_ text: String?) -> JSONValue { text.map(JSONValue.string) ?? .null }
private func number(_ number: Int?) -> JSONValue { number.map { .number(Double($0)) } ?? .null }
private func seconds(_ date: Date?) -> JSONValue { date.map { .number($0.timeIntervalSince1970) } ?? .null }
