import Foundation

extension JSONValue {
    /// What iOS hands over of a push, `userInfo` or a value in it; nil for what JSON does not have.
    public init?(userInfo value: Any) {
        switch value {
        case let text as String:
            self = .string(text)
        case let items as [Any]:
            self = .array(items.compactMap(JSONValue.init(userInfo:)))
        case let fields as [AnyHashable: Any]:
            self = .object(Self.fields(fields))
        case let number as NSNumber:
            self = Self.isBool(number) ? .bool(number.boolValue) : .number(number.doubleValue)
        case is NSNull:
            self = .null
        default:
            return nil
        }
    }

    static func fields(_ userInfo: [AnyHashable: Any]) -> [String: JSONValue] {
        var fields: [String: JSONValue] = [:]
        for case let (key as String, value) in userInfo { fields[key] = JSONValue(userInfo: value) }
        return fields
    }

    /// Foundation reads `true` as a number, too, whose type is that of a C `char` or `bool`.
    private static func isBool(_ number: NSNumber) -> Bool {
        ["c", "B"].contains(String(cString: number.objCType))
    }
}
