// Objects as bytes: read from the object database, and written to it.

import CLibgit2
import Model

/// The four kinds of objects.
public enum ObjectType: Int32, Sendable {
    case commit = 1
    case tree = 2
    case blob = 3
    case tag = 4

    var code: git_object_t { git_object_t(rawValue: rawValue) }
}

/// An object's type and content.
public struct RawObject: Sendable, Equatable {
    public let type: ObjectType
    public let content: [UInt8]

    public init(_ type: ObjectType, _ content: [UInt8]) {
        self.type = type
        self.content = content
    }
}

extension Repository {
    /// The trees of a commit's first two parents, but for those of damaged ones.
    func parentTrees(of commit: CommitText) throws(GitError) -> [ObjectID] {
        try commit.parents.prefix(2).map { parent throws(GitError) in
            CommitText(try object(parent).content)?.tree
        }.compactMap { $0 }
    }

    /// The object called `id`.
    ///
    /// - Throws: ``GitError`` of kind `corrupt` if it is missing or cannot be read.
    public func object(_ id: ObjectID) throws(GitError) -> RawObject {
        var read: OpaquePointer?
        var oid = id.oid
        let code = unsafe git_odb_read(&read, objects, &oid)
        guard code == 0 else {
            throw GitError(
                .corrupt, "read object \(id)", lastError(code, "").detail, code: code)
        }
        defer { unsafe git_odb_object_free(read) }
        guard let type = unsafe ObjectType(rawValue: git_odb_object_type(read).rawValue) else {
            throw GitError(.corrupt, "read object \(id)", "it is of no known type")
        }
        let bytes = unsafe UnsafeRawBufferPointer(
            start: git_odb_object_data(read), count: git_odb_object_size(read))
        return unsafe RawObject(type, Array(bytes))
    }

    /// How many bytes the object called `id` has, without reading all of them.
    public func size(of id: ObjectID) throws(GitError) -> Int {
        var size = 0
        var type = GIT_OBJECT_ANY
        var oid = id.oid
        let code = unsafe git_odb_read_header(&size, &type, objects, &oid)
        guard code == 0 else {
            throw GitError(
                .corrupt, "read object \(id)", lastError(code, "").detail, code: code)
        }
        return size
    }

    /// Whether there is an object called `id`. Does not look for new packs.
    public func contains(_ id: ObjectID) -> Bool {
        var oid = id.oid
        return unsafe git_odb_exists_ext(objects, &oid, GIT_ODB_LOOKUP_NO_REFRESH.rawValue) == 1
    }

    /// Writes an object as a loose file, on disk when this returns.
    @discardableResult
    public func write(_ object: RawObject) throws(GitError) -> ObjectID {
        var oid = git_oid()
        let code = unsafe object.content.withUnsafeBytes { memory in
            unsafe git_odb_write(
                &oid, objects, memory.baseAddress, memory.count, object.type.code)
        }
        guard code == 0 else { throw lastError(code, "write an object") }
        return ObjectID(oid)
    }

    /// The name that an object has, or would have.
    public static func id(of object: RawObject) -> ObjectID {
        var oid = git_oid()
        let code = unsafe object.content.withUnsafeBytes { memory in
            unsafe git_odb_hash(&oid, memory.baseAddress, memory.count, object.type.code)
        }
        precondition(code == 0, "hashing bytes in memory cannot fail")
        return ObjectID(oid)
    }
}
