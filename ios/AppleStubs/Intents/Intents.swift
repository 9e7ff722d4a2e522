@_exported import Foundation
import UserNotifications

public final class INImage: NSObject {
    public convenience init(imageData: Data) { self.init() }
}

public enum INPersonHandleType: Int, Sendable { case unknown, emailAddress, phoneNumber }

public final class INPersonHandle: NSObject {
    public convenience init(value: String?, type: INPersonHandleType) { self.init() }
}

public final class INPerson: NSObject {
    public convenience init(
        personHandle: INPersonHandle, nameComponents: PersonNameComponents?, displayName: String?, image: INImage?,
        contactIdentifier: String?, customIdentifier: String?
    ) { self.init() }
}

public final class INSpeakableString: NSObject {}
public final class INSendMessageAttachment: NSObject {}
public enum INOutgoingMessageType: Int, Sendable { case unknown, outgoingMessageText, outgoingMessageAudio }

open class INIntent: NSObject {}
open class INIntentResponse: NSObject {}

public final class INSendMessageIntent: INIntent, UNNotificationContentProviding {
    public convenience init(
        recipients: [INPerson]?, outgoingMessageType: INOutgoingMessageType, content: String?,
        speakableGroupName: INSpeakableString?, conversationIdentifier: String?, serviceName: String?, sender: INPerson?,
        attachments: [INSendMessageAttachment]?
    ) { self.init() }
}

public enum INInteractionDirection: Int, Sendable { case unspecified, outgoing, incoming }

public final class INInteraction: NSObject {
    public convenience init(intent: INIntent, response: INIntentResponse?) { self.init() }
    public var direction: INInteractionDirection { get { .unspecified } set {} }
    public func donate() async throws {}
}
