// The version that both executables print.

/// This release (semantic versioning).
public let version = "0.1.0"
