// libgit2's smart protocol over a stream of ours: the C objects that libgit2 sees. SmartConversation
// does their work. libgit2 1.5's own SSH has no deadlines and is never used.

import CLibgit2

/// The conversation behind a payload of ours.
func conversation(_ payload: UnsafeMutableRawPointer?) -> SmartConversation? {
    unsafe payload.map {
        unsafe Unmanaged<SmartConversation>.fromOpaque($0).takeUnretainedValue()
    }
}

/// What `git_remote_callbacks.transport` wants: libgit2's smart transport over a subtransport of ours.
func makeTransport(
    _ made: UnsafeMutablePointer<UnsafeMutablePointer<git_transport>?>?,
    _ remote: OpaquePointer?, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    var definition = unsafe git_smart_subtransport_definition(
        callback: makeSubtransport, rpc: 0, param: payload)
    return unsafe git_transport_smart(made, remote, &definition)
}

private func makeSubtransport(
    _ made: UnsafeMutablePointer<UnsafeMutablePointer<git_smart_subtransport>?>?,
    _ transport: UnsafeMutablePointer<git_transport>?, _ payload: UnsafeMutableRawPointer?
) -> Int32 {
    let memory = UnsafeMutablePointer<pod_git_subtransport>.allocate(capacity: 1)
    unsafe memory.initialize(
        to: pod_git_subtransport(
            base: git_smart_subtransport(
                action: openStream, close: { _ in 0 },
                free: { subtransport in unsafe UnsafeMutableRawPointer(subtransport)?.deallocate() }
            ), owner: payload, stream: nil))
    unsafe made?.pointee = unsafe UnsafeMutableRawPointer(memory)
        .assumingMemoryBound(to: git_smart_subtransport.self)
    return 0
}

private func openStream(
    _ made: UnsafeMutablePointer<UnsafeMutablePointer<git_smart_subtransport_stream>?>?,
    _ subtransport: UnsafeMutablePointer<git_smart_subtransport>?, _ url: UnsafePointer<CChar>?,
    _ service: git_smart_service_t
) -> Int32 {
    guard let subtransport = unsafe subtransport else { return -1 }
    let whole = unsafe UnsafeMutableRawPointer(subtransport)
        .assumingMemoryBound(to: pod_git_subtransport.self)
    // The service itself goes on where its advertisement came from, on the very same stream.
    if let stream = unsafe whole.pointee.stream {
        unsafe made?.pointee = stream
        return 0
    }
    let owner = unsafe whole.pointee.owner
    guard unsafe conversation(owner)?.connect() == true else { return refuse() }
    let memory = UnsafeMutablePointer<pod_git_stream>.allocate(capacity: 1)
    unsafe memory.initialize(
        to: pod_git_stream(
            base: git_smart_subtransport_stream(
                subtransport: subtransport, read: readStream, write: writeStream,
                free: freeStream), owner: owner))
    let stream = unsafe UnsafeMutableRawPointer(memory)
        .assumingMemoryBound(to: git_smart_subtransport_stream.self)
    unsafe whole.pointee.stream = stream
    unsafe made?.pointee = stream
    return 0
}

private func freeStream(_ stream: UnsafeMutablePointer<git_smart_subtransport_stream>?) {
    guard let stream = unsafe stream else { return }
    unsafe UnsafeMutableRawPointer(stream.pointee.subtransport)?
        .assumingMemoryBound(to: pod_git_subtransport.self).pointee.stream = nil
    unsafe UnsafeMutableRawPointer(stream).deallocate()
}

private func owner(_ stream: UnsafeMutablePointer<git_smart_subtransport_stream>?)
    -> SmartConversation?
{
    guard let stream = unsafe stream else { return nil }
    return unsafe conversation(
        UnsafeMutableRawPointer(stream).assumingMemoryBound(to: pod_git_stream.self).pointee.owner)
}

private func readStream(
    _ stream: UnsafeMutablePointer<git_smart_subtransport_stream>?,
    _ memory: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: UnsafeMutablePointer<Int>?
) -> Int32 {
    let room = unsafe UnsafeMutableRawBufferPointer(start: memory, count: size)
    guard let read = unsafe owner(stream)?.read(into: room) else { return refuse() }
    unsafe count?.pointee = read
    return 0
}

private func writeStream(
    _ stream: UnsafeMutablePointer<git_smart_subtransport_stream>?,
    _ memory: UnsafePointer<CChar>?, _ size: Int
) -> Int32 {
    let bytes = unsafe Array(UnsafeRawBufferPointer(start: memory, count: size))
    return unsafe owner(stream)?.write(bytes) == true ? 0 : refuse()
}

/// Tells libgit2 that our side failed; ``SmartConversation/failure`` says how.
private func refuse() -> Int32 {
    unsafe git_error_set_str(Int32(GIT_ERROR_NET.rawValue), "the transport failed")
    return -1
}
