// Downloads as the notification service does: `download URL SECONDS BYTES`, for files of the type image/png.
import Foundation

@main
enum Download {
    static func main() async {
        let words = CommandLine.arguments
        guard words.count == 4, let url = URL(string: words[1]), let seconds = Double(words[2]), let bytes = Int(words[3])
        else { return print("usage") }
        do {
            let file = try await BoundedDownload.file(at: url, within: seconds) { $0 == "image/png" ? bytes : nil }
            print("arrived \(try Data(contentsOf: file.url).count) \(file.contentType ?? "")")
        } catch let failure as BoundedDownload.Failure {
            print("failed \(failure)")
        } catch {
            print("failed \(error)")
        }
    }
}
