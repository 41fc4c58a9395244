// The signature that a login needs: libssh2 asks for it by a callback, once the server has said that
// it knows the key. Authentication makes a request for each key that is not signed with by libssh2.

import CLibssh2
import Model
import POSIX

/// What the signing callback needs, and what came of it.
final class SignRequest {
    private let session: Session
    private let sign: (([UInt8]) throws(Failure) -> [UInt8])?
    /// Whether the server knows the key, and wants a signature.
    private(set) var wasAsked = false
    /// Why there is no signature.
    private(set) var failure: Failure?

    /// `sign` may take its time: a person may have to be asked. Nil only asks whether the key is known.
    init(session: Session, sign: (([UInt8]) throws(Failure) -> [UInt8])?) {
        self.session = session
        self.sign = sign
    }

    fileprivate func signature(over data: [UInt8]) -> [UInt8]? {
        wasAsked = true
        guard let sign else { return nil }
        return session.pausingDeadline {
            do throws(Failure) { return try sign(data) } catch {
                failure = error
                return nil
            }
        }
    }
}

/// libssh2's callback: fills in a signature that libssh2 will free.
func signByRequest(
    _ session: OpaquePointer?, _ signature: UnsafeMutablePointer<UnsafeMutablePointer<UInt8>?>?,
    _ count: UnsafeMutablePointer<Int>?, _ data: UnsafePointer<UInt8>?, _ dataCount: Int,
    _ context: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> Int32 {
    guard let opaque = unsafe context?.pointee else { return -1 }
    let request = unsafe Unmanaged<SignRequest>.fromOpaque(opaque).takeUnretainedValue()
    let message = unsafe Array(UnsafeBufferPointer(start: data, count: dataCount))
    guard let raw = request.signature(over: message) else { return -1 }
    unsafe signature?.pointee = copyForC(raw)
    unsafe count?.pointee = raw.count
    return 0
}
