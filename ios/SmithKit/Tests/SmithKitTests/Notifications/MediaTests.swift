import Foundation
import Testing

@testable import SmithKit

@Suite struct MediaTests {
    /// `Fixtures/media.json`: the web admin and the page at `/phone/` read the same table.
    @Test func theEndingOfAURLTellsItsKind() throws {
        for (text, kind) in try #require(try fixture("media").object) {
            let url = try #require(URL(string: text))
            #expect(MediaKind(url: url)?.rawValue ?? "unknown" == kind.text, "\(text)")
        }
    }

    @Test(arguments: [
        ("image/png", "a", "png"), ("image/jpeg; charset=binary", "a.png", "jpg"), ("IMAGE/GIF", "a", "gif"),
        ("video/mp4", "a.bin", "mp4"), ("audio/mpeg", "a", "mp3"), ("application/octet-stream", "a.MOV", "mov"),
        ("", "a.jpeg", "jpeg"), (nil, "a.wav", "wav"), ("binary/octet-stream", "a.png", "png"),
    ] as [(String?, String, String)])
    func aFileIsNamedAfterWhatItIs(type: String?, path: String, ending: String) throws {
        let url = try #require(URL(string: "https://example.com/\(path)"))
        let file = try #require(MediaFile(contentType: type, url: url))
        #expect(file.fileExtension == ending)
        #expect(file.name().hasSuffix("." + ending))
        #expect(file.name() != file.name())
    }

    @Test(arguments: [
        ("image/webp", "a.png"), ("image/svg+xml", "a.png"), ("text/html; charset=utf-8", "a.png"), ("audio/ogg", "a.mp3"),
        ("application/octet-stream", "a.webp"), (nil, "a"), ("application/pdf", "a.pdf"),
    ] as [(String?, String)])
    func whatIOSCannotAttachIsNotLoaded(type: String?, path: String) throws {
        let url = try #require(URL(string: "https://example.com/\(path)"))
        #expect(MediaFile(contentType: type, url: url) == nil)
    }

    @Test(arguments: [("image/png", 10_000_000), ("audio/mpeg", 5_000_000), ("video/mp4", 50_000_000)])
    func aFileHasRoomUpToApplesLimit(type: String, most: Int) throws {
        let url = try #require(URL(string: "https://example.com/a"))
        let file = try #require(MediaFile(contentType: type, url: url))
        #expect(file.mostBytes == most)
    }
}
