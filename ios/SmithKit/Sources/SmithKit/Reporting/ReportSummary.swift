import Foundation

/// What the app has told the server about itself, for people: without the tokens.
public struct ReportSummary: Equatable, Sendable {
    public enum Token: String, Equatable, Sendable {
        /// iOS has handed out none yet.
        case missing
        /// The server has not heard it yet.
        case owed
        case heard
    }

    public var pushToken: Token
    public var pushToStartToken: Token
    public var environment: TokenReport.Environment?
    public var frequentPushesEnabled: Bool?
    /// Live Activities whose update token the server has heard, or is to hear.
    public var updateTokensHeard: Int
    public var updateTokensOwed: Int
    /// Removed Live Activities that the server is to hear of.
    public var dismissalsOwed: Int
    /// What did not work, oldest first.
    public var problems: [ProblemLog.Entry]

    init(_ book: ReportBook, problems: [ProblemLog.Entry]) {
        func state(_ token: KeyPath<TokenReport, String?>) -> Token {
            guard let wanted = book.wanted[keyPath: token] else { return .missing }
            return wanted == book.heard[keyPath: token] ? .heard : .owed
        }
        pushToken = state(\.pushToken)
        pushToStartToken = state(\.pushToStartToken)
        environment = book.wanted.environment
        frequentPushesEnabled = book.wanted.frequentPushesEnabled
        let duties = book.duties
        updateTokensOwed = duties.count { if case .updateToken = $0 { true } else { false } }
        dismissalsOwed = duties.count { if case .dismissal = $0 { true } else { false } }
        updateTokensHeard = book.activities.values.count { $0.token != nil && $0.token == $0.heardToken }
        self.problems = problems
    }
}
