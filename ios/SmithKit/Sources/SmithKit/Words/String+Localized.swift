// Where ActivityKit is, Apple's Foundation is, or a stub of it.
#if !canImport(Darwin) && !canImport(ActivityKit)
    /// Foundation's `String(localized:)`, which the one for Linux has not. There the words are those of the source.
    ///
    /// On Apple's systems they are looked up in the bundle that runs: `Localizable.xcstrings` of the app and its widgets has the
    /// kit's texts, too.
    extension String {
        /// Takes what Apple's takes of which the catalog's script can tell the kind: texts and whole numbers.
        struct LocalizationValue: ExpressibleByStringInterpolation {
            fileprivate let text: String

            init(stringLiteral value: String) { text = value }
            init(stringInterpolation: StringInterpolation) { text = stringInterpolation.text }

            struct StringInterpolation: StringInterpolationProtocol {
                fileprivate var text = ""

                init(literalCapacity: Int, interpolationCount: Int) {}
                mutating func appendLiteral(_ literal: String) { text += literal }
                mutating func appendInterpolation(_ string: String) { text += string }
                mutating func appendInterpolation(_ number: Int) { text += String(number) }
            }
        }

        init(localized value: LocalizationValue) { self = value.text }
    }
#endif
