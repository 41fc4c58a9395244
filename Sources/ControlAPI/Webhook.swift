// What proves that a webhook comes from who knows the secret, and what it tells. The secret never
// leaves this file's callers: no error and no log has it.

import CMbedCrypto
import Model

/// Proofs that a request knows a secret.
public enum WebhookProof {
    /// Whether `request` has the secret as a bearer token, or has signed its body with it.
    public static func isGiven(by request: ControlRequest, secret: [UInt8]) -> Bool {
        guard !secret.isEmpty else { return false }
        if let signature = request.headers[.signature] {
            return isSignature(signature, of: request.body, secret)
        }
        guard let given = request.headers[.authorization] else { return false }
        let parts = given.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else { return false }
        // Of equal length whatever was sent: not even the secret's length shows in the time it takes.
        return areEqual(
            sha256(Array(parts[1].utf8), key: secret), sha256(secret, key: secret))
    }

    /// `sha256=` and 64 digits.
    private static func isSignature(_ text: String, of body: [UInt8], _ secret: [UInt8]) -> Bool {
        let prefix = "sha256="
        guard text.hasPrefix(prefix), let given = bytes(ofHex: text.dropFirst(prefix.count)),
            let right = sha256(body, key: secret)
        else { return false }
        return areEqual(given, right)
    }

    private static func bytes(ofHex text: Substring) -> [UInt8]? {
        let digits = text.utf8.map { Character(Unicode.Scalar($0)).hexDigitValue }
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = digits[index], let low = digits[index + 1] else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

/// HMAC-SHA256 (RFC 2104); nil if the library cannot.
package func sha256(_ message: [UInt8], key: [UInt8]) -> [UInt8]? {
    guard let digest = unsafe mbedtls_md_info_from_type(MBEDTLS_MD_SHA256) else { return nil }
    var result = [UInt8](repeating: 0, count: Int(unsafe mbedtls_md_get_size(digest)))
    let code = unsafe mbedtls_md_hmac(
        digest, key, key.count, message, message.count, &result)
    return code == 0 ? result : nil
}

/// SHA-256 (FIPS 180-4); nil if the library cannot.
func sha256(_ message: [UInt8]) -> [UInt8]? {
    guard let digest = unsafe mbedtls_md_info_from_type(MBEDTLS_MD_SHA256) else { return nil }
    var result = [UInt8](repeating: 0, count: Int(unsafe mbedtls_md_get_size(digest)))
    let code = unsafe mbedtls_md(digest, message, message.count, &result)
    return code == 0 ? result : nil
}

/// Compares in a time that does not tell where they differ.
public func areEqual(_ left: [UInt8]?, _ right: [UInt8]?) -> Bool {
    guard let left, let right, left.count == right.count else { return false }
    var difference: UInt8 = 0
    for (one, other) in zip(left, right) { difference |= one ^ other }
    return difference == 0
}
