// Which of some names was meant by one that is none of them. Settings of pods and of the engine ask.

/// The name in `names` that `word` is most like, whatever the case of its letters; the first of several,
/// and nil if there is none.
public func nearest(to word: String, among names: some Sequence<String>) -> String? {
    let word = word.lowercased()
    return names.map { (name: $0, distance: editDistance($0.lowercased(), word)) }
        .min { $0.distance < $1.distance }?.name
}

/// Levenshtein's distance.
private func editDistance(_ left: String, _ right: String) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (index, character) in left.enumerated() {
        var diagonal = row[0]
        row[0] = index + 1
        for column in right.indices {
            let cost = right[column] == character ? diagonal : diagonal + 1
            diagonal = row[column + 1]
            row[column + 1] = min(cost, row[column] + 1, row[column + 1] + 1)
        }
    }
    return row[right.count]
}
