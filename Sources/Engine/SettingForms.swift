// What the values of settings look like, so that a wrong one is said at once, and not when it is first
// needed: that may be in the night when origin has moved.

import EngineCore
import Model

extension Setting {
    /// What `-h` shows for the value says what it has to be.
    enum Form: Equatable {
        case text, time, days, size, number, flag
        case choice([String])
    }

    var form: Form {
        switch placeholder {
        case "TIME": return .time
        case "DAYS": return .days
        case "SIZE": return .size
        case "N": return .number
        case "true|false": return .flag
        default:
            let words = placeholder.split(separator: "|").map(String.init)
            let isChoice = words.count > 1 && words.allSatisfy { $0 == $0.lowercased() }
            return isChoice ? .choice(words) : .text
        }
    }

    /// The shortest pause between two tries of the same: less would be no pause.
    var shortest: Duration? {
        switch name {
        case "retryFirst", "cloneRetryFirst", "originCheck", "recheck", "upkeepCheck":
            .milliseconds(10)
        case "retryCap", "cloneRetryCap": .milliseconds(100)
        default: nil
        }
    }
}

extension Settings {
    /// What a service asks before it begins, and at SIGHUP; a verb checks what it uses.
    ///
    /// - Throws: ``Failure`` of kind `configuration` for the first value that cannot be.
    public func check() throws(Failure) {
        for setting in Setting.all {
            switch setting.form {
            case .text: _ = try text(setting.name)
            case .time: try checkTime(setting)
            case .days: _ = try days(setting.name)
            case .size: _ = try size(setting.name)
            case .number: _ = try number(setting.name)
            case .flag: _ = try flag(setting.name)
            case .choice(let words): try checkChoice(setting, words)
            }
        }
    }

    private func checkTime(_ setting: Setting) throws(Failure) {
        guard let time = try duration(setting.name), let shortest = setting.shortest else { return }
        guard time >= shortest else {
            throw refusal(setting.name, "\(shortest.spoken) or more")
        }
    }

    private func checkChoice(_ setting: Setting, _ words: [String]) throws(Failure) {
        guard let text = try text(setting.name), !words.contains(text) else { return }
        throw refusal(setting.name, "one of \(words.joined(separator: ", "))")
    }
}
