// zlib, as packs and loose objects need it: whole pieces in memory, the quickest level.

import CZlib
import Model

/// Compresses one piece after another with one set of buffers.
@safe final class Deflater {
    private let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)

    init() {
        unsafe stream.initialize(to: z_stream())
        let code = unsafe deflateInit_(
            stream, Z_BEST_SPEED, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(code == Z_OK, "zlib does not start: \(code)")
    }

    deinit {
        unsafe deflateEnd(stream)
        unsafe stream.deallocate()
    }

    /// `bytes` as one zlib stream.
    func deflate(_ bytes: [UInt8]) -> [UInt8] {
        let bound = unsafe Int(deflateBound(stream, UInt(bytes.count)))
        return unsafe [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            unsafe bytes.withUnsafeBufferPointer { source in
                unsafe deflateReset(stream)
                unsafe stream.pointee.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
                unsafe stream.pointee.avail_in = UInt32(source.count)
                unsafe stream.pointee.next_out = target.baseAddress
                unsafe stream.pointee.avail_out = UInt32(target.count)
                let code = unsafe CZlib.deflate(stream, Z_FINISH)
                precondition(code == Z_STREAM_END, "zlib broke its bound: \(code)")
                count = unsafe target.count - Int(stream.pointee.avail_out)
            }
        }
    }
}

/// The `size` bytes that the zlib stream at the start of `bytes` holds; nil if it is damaged.
func inflated(_ bytes: [UInt8], size: Int) -> [UInt8]? {
    var stream = unsafe z_stream()
    guard unsafe inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { return nil }
    defer { unsafe inflateEnd(&stream) }
    var whole = false
    // One byte more than there must be: a stream that is too long shows.
    let content = unsafe [UInt8](unsafeUninitializedCapacity: size + 1) { target, count in
        unsafe bytes.withUnsafeBufferPointer { source in
            unsafe stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress)
            unsafe stream.avail_in = UInt32(source.count)
            unsafe stream.next_out = target.baseAddress
            unsafe stream.avail_out = UInt32(target.count)
            whole = unsafe inflate(&stream, Z_FINISH) == Z_STREAM_END
            count = unsafe target.count - Int(stream.avail_out)
        }
    }
    return whole && content.count == size ? content : nil
}

/// The CRC-32 of `bytes`, as a pack's index has it.
func crc32(_ bytes: [UInt8]) -> UInt32 {
    unsafe bytes.withUnsafeBufferPointer { memory in
        unsafe UInt32(truncatingIfNeeded: CZlib.crc32(0, memory.baseAddress, UInt32(memory.count)))
    }
}
