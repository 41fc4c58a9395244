// Texts as libgit2 takes a list of them.

import CLibgit2

/// A `git_strarray` and what it points at.
@safe final class StringArray {
    private var texts: [UnsafeMutablePointer<CChar>?]
    private let list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>

    init(_ strings: [String]) {
        unsafe texts = strings.map { string in
            let bytes = string.utf8CString
            let text = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
            for (index, byte) in bytes.enumerated() { unsafe text[index] = byte }
            return unsafe text
        }
        unsafe list = .allocate(capacity: max(1, texts.count))
        for index in unsafe texts.indices { unsafe list[index] = texts[index] }
    }

    deinit {
        for index in unsafe texts.indices { unsafe texts[index]?.deallocate() }
        unsafe list.deallocate()
    }

    /// Lets `body` see the list, which must not outlive the call.
    func with(_ body: (UnsafePointer<git_strarray>) -> Int32) -> Int32 {
        var array = unsafe git_strarray(strings: list, count: texts.count)
        return unsafe body(&array)
    }
}
