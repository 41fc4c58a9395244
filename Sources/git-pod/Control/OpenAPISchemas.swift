// The schemas of /openapi.json (JSON Schema 2020-12): the shapes that docs/push.md and
// docs/control-api.md tell of in words.

import Model

/// By the names that routes use.
let openAPISchemas: JSON = JSON(parsing: Array(schemas.utf8)) ?? .null

private let schemas = """
    {
    "Error": {"type": "object", "required": ["error"],
      "properties": {"error": {"type": "string"}}},
    "Live": {"type": "object", "required": ["status"],
      "properties": {"status": {"enum": ["ok", "dead"]}, "error": {"type": "string"}}},
    "Reason": {"type": "object", "required": ["reason", "text"],
      "properties": {
        "reason": {"enum": ["no-repository", "first-reconcile", "pending-escape", "stale-sync", "no-origin"]},
        "text": {"type": "string"}}},
    "Ready": {"type": "object", "required": ["status"],
      "properties": {"status": {"enum": ["ok", "unready", "dead"]}, "error": {"type": "string"},
        "reasons": {"type": "array", "items": {"$ref": "#/components/schemas/Reason"}}}},
    "Health": {"type": "object", "required": ["status"],
      "properties": {"status": {"enum": ["ok", "unready", "dead"]}, "error": {"type": "string"},
        "live": {"type": "boolean"}, "ready": {"$ref": "#/components/schemas/Ready"},
        "strict": {"$ref": "#/components/schemas/Ready"}}},
    "Commit": {"type": ["string", "null"], "pattern": "^[0-9a-f]{40}$"},
    "Count": {"type": ["integer", "null"], "minimum": 0},
    "Trouble": {"type": ["object", "null"], "required": ["reason", "text", "attempt", "secondsAgo"],
      "properties": {
        "reason": {"enum": ["non-fast-forward", "rejected", "authentication", "read-only-key",
          "host-key", "unreachable", "timeout", "disk-full", "unknown"]},
        "text": {"type": "string"}, "attempt": {"type": "integer", "minimum": 1},
        "secondsAgo": {"type": "integer", "minimum": 0}}},
    "ReconcileReport": {"type": "object",
      "required": ["outcome", "branch", "oldCommit", "newCommit", "ahead", "behind",
        "conflictBranch", "rewritten", "pushed", "durationMs", "error"],
      "properties": {
        "outcome": {"enum": ["in-sync", "fast-forwarded", "pushed-ahead", "rebased", "merged",
          "conflict-escaped", "rewritten", "origin-deleted", "stopped", "fetch-failed", "failed"]},
        "branch": {"type": "string"},
        "oldCommit": {"$ref": "#/components/schemas/Commit"},
        "newCommit": {"$ref": "#/components/schemas/Commit"},
        "ahead": {"type": "integer", "minimum": 0}, "behind": {"type": "integer", "minimum": 0},
        "conflictBranch": {"type": ["string", "null"]}, "rewritten": {"type": "boolean"},
        "pushed": {"type": "boolean"}, "durationMs": {"type": "integer", "minimum": 0},
        "error": {"type": ["string", "null"]}}},
    "Branch": {"type": "object",
      "required": ["branch", "state", "local", "origin", "seen", "durable", "pendingCommits",
        "pendingBytes", "oldestPendingSeconds", "originAhead", "saved", "lastSuccessSecondsAgo",
        "lastFailure", "nextAttemptInSeconds", "lastReconcile", "blockedByLock"],
      "properties": {
        "branch": {"type": "string"},
        "state": {"enum": ["in-sync", "origin-moved", "pushing", "waiting", "stuck"]},
        "local": {"$ref": "#/components/schemas/Commit"},
        "origin": {"$ref": "#/components/schemas/Commit"},
        "seen": {"$ref": "#/components/schemas/Commit"},
        "durable": {"$ref": "#/components/schemas/Commit"},
        "pendingCommits": {"$ref": "#/components/schemas/Count"},
        "pendingBytes": {"$ref": "#/components/schemas/Count"},
        "oldestPendingSeconds": {"$ref": "#/components/schemas/Count"},
        "originAhead": {"$ref": "#/components/schemas/Count"},
        "saved": {"type": ["object", "null"], "required": ["commit", "conflictBranch"],
          "properties": {"commit": {"type": "string"}, "conflictBranch": {"type": "string"}}},
        "lastSuccessSecondsAgo": {"$ref": "#/components/schemas/Count"},
        "lastFailure": {"$ref": "#/components/schemas/Trouble"},
        "nextAttemptInSeconds": {"$ref": "#/components/schemas/Count"},
        "lastReconcile": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/ReconcileReport"}]},
        "blockedByLock": {"type": ["object", "null"], "required": ["path", "ageSeconds"],
          "properties": {"path": {"type": "string"}, "ageSeconds": {"type": "integer", "minimum": 0}}}}},
    "Status": {"type": "object",
      "required": ["phase", "uptimeSeconds", "stopped", "escapeStorm", "originFailure", "listen",
        "listenPublic", "branches"],
      "properties": {
        "phase": {"enum": ["serving", "draining", "local-only"]},
        "uptimeSeconds": {"type": "integer", "minimum": 0},
        "stopped": {"type": "boolean"}, "escapeStorm": {"type": "boolean"},
        "originFailure": {"$ref": "#/components/schemas/Trouble"},
        "listen": {"type": ["string", "null"]}, "listenPublic": {"type": ["string", "null"]},
        "branches": {"type": "array", "items": {"$ref": "#/components/schemas/Branch"}}}},
    "Ended": {"type": "object", "required": ["result", "text", "exitCode"],
      "properties": {
        "result": {"type": "object"}, "text": {"type": ["string", "null"]},
        "exitCode": {"type": "integer", "minimum": 0, "maximum": 5}}},
    "Lock": {"type": "object", "required": ["held", "token", "lapsesInMs"],
      "properties": {"held": {"type": "boolean"}, "token": {"type": ["string", "null"]},
        "lapsesInMs": {"$ref": "#/components/schemas/Count"}}},
    "Webhook": {"description": "Ours (branch, commitHash), or GitHub's or Gitea's push (ref, after). May be left out.",
      "type": "object",
      "properties": {
        "branch": {"type": ["string", "null"], "minLength": 1},
        "commitHash": {"$ref": "#/components/schemas/GivenCommit"},
        "ref": {"type": "string"}, "after": {"$ref": "#/components/schemas/GivenCommit"},
        "forced": {"type": ["boolean", "null"]}, "deleted": {"type": ["boolean", "null"]}}},
    "GivenCommit": {"type": ["string", "null"], "pattern": "^([0-9a-fA-F]{40}|0*)$"},
    "Reload": {"type": "object", "required": ["outcome", "branch", "reason", "report"],
      "properties": {
        "outcome": {"enum": ["noChanges", "reconciled", "ignored", "accepted"]},
        "branch": {"type": ["string", "null"]}, "reason": {"type": ["string", "null"]},
        "report": {"anyOf": [{"type": "null"}, {"$ref": "#/components/schemas/ReconcileReport"}]}}},
    "Fetch": {"type": "object", "required": ["who", "result", "bytesSent", "seconds"],
      "properties": {
        "who": {"type": "string"},
        "result": {"enum": ["served", "refused", "failed", "gave-up", "timed-out"]},
        "bytesSent": {"type": "number", "minimum": 0}, "seconds": {"type": "number", "minimum": 0}}},
    "Noted": {"type": "object", "required": ["noted"], "properties": {"noted": {"type": "boolean"}}},
    "Event": {"type": "object", "required": ["event"],
      "properties": {
        "time": {"type": "string", "format": "date-time"},
        "level": {"enum": ["info", "warning", "error"]}, "event": {"type": "string"},
        "message": {"type": "string"},
        "missed": {"$ref": "#/components/schemas/Count"}}},
    "Description": {"type": "object", "required": ["openapi", "info", "paths"]}
    }
    """
