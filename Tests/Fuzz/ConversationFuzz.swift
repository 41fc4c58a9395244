// Conversation and RequestRecorder: two sides that say anything, in pieces cut anywhere. Built and
// run by bin/fuzz.
// sources: PackProtocol

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    var input = Array(UnsafeBufferPointer(start: start, count: count))[...]
    let service: Service =
        input.popFirst().map { $0 & 1 == 1 } == true ? .uploadArchive : .uploadPack
    let whole = Conversation(service: service)
    let slow = Conversation(service: service)
    var recorder = RequestRecorder(service: service)
    while let control = input.popFirst() {
        let bytes = piece(control, &input)
        if control & 0x80 != 0 {
            whole.sending(bytes.span.bytes)
            recorder.sending(bytes.span.bytes)
            for byte in bytes { slow.sending([byte].span.bytes) }
        } else {
            whole.received(bytes.span.bytes)
            for byte in bytes { slow.received([byte].span.bytes) }
        }
        precondition(summary(whole) == summary(slow))
        check(whole)
    }
    check(recorder)
    return 0
}

/// The next piece: raw, in a packet, or a packet without payload.
private func piece(_ control: UInt8, _ input: inout ArraySlice<UInt8>) -> [UInt8] {
    let length = Int(control & 0x3f)
    if control & 0x40 == 0, length < 3 { return Array("000\(length)".utf8) }
    let bytes = Array(input.prefix(length))
    input = input.dropFirst(length)
    if control & 0x40 == 0 { return (try? PacketLine.encode(bytes)) ?? [] }
    return bytes
}

private func summary(_ conversation: Conversation) -> String {
    """
    \(conversation.awaitsFar) \(conversation.isComplete) \(conversation.version ?? -1) \
    \(conversation.stage) \(conversation.remoteError ?? "-") \
    \(conversation.protocolViolation ?? "-")
    """
}

private func check(_ conversation: Conversation) {
    let (owes, isWhole) = (conversation.awaitsFar, conversation.isComplete)
    if conversation.protocolViolation != nil {
        precondition(owes && !isWhole && conversation.remoteError == nil)
    }
    if conversation.remoteError != nil { precondition(isWhole && !owes) }
    // Replacing bytes that are no UTF-8 makes at most three of one.
    precondition((conversation.protocolViolation?.utf8.count ?? 0) <= 3 * 200)
    precondition((conversation.remoteError?.utf8.count ?? 0) <= 3 * 1024)
    // Only a pack whose end git alone knows is both.
    if owes && isWhole { precondition(conversation.stage == "while receiving the pack") }
}

private func check(_ recorder: RequestRecorder) {
    for list in [recorder.wants, recorder.wantRefs, recorder.commands, recorder.depth] {
        precondition(list.count <= RequestRecorder.maximumKept)
    }
    precondition(recorder.arguments.count <= RequestRecorder.maximumArguments)
}
