// A phone without a screen. It reads a command a line from its input, as JSON, and writes a line with what came of it.
//
//     {"do": "pair", "link": "activitysmith://pair?…", "name": "Ada's iPhone"}
//
// All that it keeps is in the folder of its argument, so that a test can kill it and start it again.

import Foundation
import SmithKit

let folder = URL(fileURLWithPath: CommandLine.arguments.dropFirst().first ?? ".")
let phone = Phone(folder: folder)
let encoder = JSONEncoder()
encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]

while let line = readLine() {
    let command = (try? JSONDecoder().decode([String: JSONValue].self, from: Data(line.utf8))) ?? [:]
    let answer: JSONValue
    do {
        answer = .object(["ok": try await phone.obey(command)])
    } catch {
        answer = .object(["error": describe(error)])
    }
    FileHandle.standardOutput.write(try encoder.encode(answer) + Data("\n".utf8))
}
