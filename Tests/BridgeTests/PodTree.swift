// A folder as an attacker would like to find one: a root that is served, a secret beside it, and
// every way from the one to the other that a file system offers.

import Model
import POSIX
import TestSupport

/// `root/` is served, `secret/` and `root-evil/` are not; `touched/` must stay empty.
final class PodTree: Sendable {
    /// A ref name that exists only in what is not served.
    static let canary = "canary-7f3a91"

    let directory: TemporaryDirectory
    let home: GitHome

    var path: String { directory.path }
    var root: String { "\(path)/root" }
    var shop: String { "\(root)/shop.git" }
    var secret: String { "\(path)/secret/secret.git" }
    var touched: String { "\(path)/touched" }

    init() throws(Failure) {
        directory = try TemporaryDirectory()
        home = try GitHome()
        for name in ["root", "root-evil", "secret", "touched", "named"] {
            try directory.folder(name)
        }
        try make("root/shop.git", branch: "main")
        try make("secret/secret.git", branch: Self.canary)
        try make("root-evil/evil.git", branch: Self.canary)
        try make("named/real.git", branch: "main")
        try makeLinks()
        try makeBroken()
        try makeLeading()
        try makeBorrowing()
        try makeLinkedEntries()
    }

    /// The repositories of `root/` that are served, by what is odd about them.
    static let served = [
        "shop.git", "link-inside.git", "sub/deep/shop.git", "café.git", "a b.git", "it's.git",
        "wow!.git", "quo\"te.git", "$(id).git", "borrow-inside.git", "tree/.git", "-dash.git",
        "up/root/shop.git", "back\\slash.git", "~tilde.git", "borrow-nowhere.git", "a;b.git",
        "日本.git", "linked-inside.git", "ref-bytes.git",
    ]

    /// Names in `root/` that must not be served, with what is wrong with each.
    static let refused = [
        "link-outside.git", "link-dangling.git", "link-loop.git", "link-proc.git",
        "up/secret/secret.git", "fifo.git", "file.git", "gitfile.git",
        "empty.git", "tree", "tree/.git/worktrees/linked", "commondir.git", "inner.git",
        "inner-file.git", "no-head.git", "no-objects.git", "no-refs.git", "head-folder.git",
        "fifo-head.git", "fifo-config.git", "fifo-packed-refs.git", "fifo-alternates.git",
        "fifo-shallow.git", "objects-outside.git", "refs-outside.git", "head-outside.git",
        "packed-refs-outside.git", "config-outside.git", "pack-outside.git", "info-outside.git",
        "alternates-outside.git", "worktree-config-outside.git", "borrow-outside.git",
        "borrow-relative.git", "borrow-nested.git", "borrow-link.git", "borrow-chain-0.git",
        "borrow-quoted.git", "borrow-after-comment.git", "borrow-nested-pack.git",
        "borrow-crlf.git", "borrow-itself.git", "pack-entry-outside.git", "fanout-outside.git",
        "object-outside.git", "heads-outside.git", "ref-outside.git", "ref-nowhere.git",
        "graph-outside.git", "twice-outside.git", "borrow-pack-entry.git", "fifo-ref.git",
        "fifo-pack.git", "fifo-linked.git", "shop.git/objects", "shop.git/refs",
        "shop.git/HEAD",
        "shop.git/config", "shop", "SHOP.git", "shop.git.git", "nothing.git", "git-pod-audit.log",
    ]

    private func make(_ name: String, branch: String) throws(Failure) {
        let gitdir = directory.file(name)
        try home.git("init", "-q", "--bare", gitdir)
        let message = "Write \(branch)"
        let stream = """
            commit refs/heads/\(branch)
            committer Pod <pod@example.com> 1767323045 +0000
            data \(message.utf8.count)
            \(message)
            M 100644 inline file.txt
            data \(branch.utf8.count)
            \(branch)

            """
        try home.attempt(
            ["fast-import", "--quiet"], at: gitdir, input: Array(stream.utf8)
        ).check()
    }

    private func shell(_ script: String) throws(Failure) {
        try TestSupport.run(["sh", "-ec", script], directory: path).check()
    }

    private func makeLinks() throws(Failure) {
        try shell(
            """
            cd root
            mkdir -p sub/deep
            for name in sub/deep/shop.git 'café.git' 'a b.git' "it's.git" 'wow!.git' 'quo"te.git' \
                '$(id).git' ./-dash.git 'back\\slash.git' './~tilde.git' 'a;b.git' '日本.git' \
                borrow-inside.git borrow-nowhere.git
            do cp -R shop.git "$name"; done
            ln -s shop.git link-inside.git
            ln -s ../secret/secret.git link-outside.git
            ln -s ../nowhere link-dangling.git
            ln -s link-loop.git link-loop.git
            ln -s /proc/self/cwd link-proc.git
            ln -s .. up
            """)
    }

    private func makeBroken() throws(Failure) {
        try shell(
            """
            cd root
            mkfifo fifo.git
            echo data > file.git
            echo "gitdir: \(secret)" > gitfile.git
            mkdir empty.git
            git init -q tree
            cp -R shop.git/. tree/.git/
            git -C tree worktree add -q --detach ../linked main
            mv tree/.git/worktrees/* tree/.git/worktrees/linked 2>/dev/null || true
            for name in commondir inner inner-file no-head no-objects no-refs head-folder
            do cp -R shop.git $name.git; done
            echo ../../secret/secret.git > commondir.git/commondir
            cp -R ../secret/secret.git inner.git/.git
            echo "gitdir: \(secret)" > inner-file.git/.git
            rm no-head.git/HEAD
            rm -r no-objects.git/objects no-refs.git/refs
            rm head-folder.git/HEAD && mkdir head-folder.git/HEAD
            for file in HEAD config packed-refs shallow
            do
                name=fifo-$(echo $file | tr A-Z a-z).git
                cp -R shop.git $name && rm -f $name/$file && mkfifo $name/$file
            done
            cp -R shop.git fifo-alternates.git && mkfifo fifo-alternates.git/objects/info/alternates
            """)
    }

    private func makeLeading() throws(Failure) {
        try shell(
            """
            cd root
            git -C ../secret/secret.git pack-refs --all
            git -C ../secret/secret.git repack -qad
            echo \(secret)/objects > ../secret/secret.git/objects/info/alternates
            echo '[core]' > ../secret/secret.git/config.worktree
            lead() {
                cp -R shop.git $1-outside.git
                rm -rf $1-outside.git/$2
                ln -s \(secret)/$2 $1-outside.git/$2
            }
            lead objects objects
            lead refs refs
            lead head HEAD
            lead packed-refs packed-refs
            lead config config
            lead worktree-config config.worktree
            lead pack objects/pack
            lead info objects/info
            lead alternates objects/info/alternates
            rm \(secret)/objects/info/alternates
            echo > \(secret)/objects/info/alternates
            """)
    }

    private func makeBorrowing() throws(Failure) {
        try shell(
            """
            cd root
            borrow() {
                test -d borrow-$1.git || cp -R shop.git borrow-$1.git
                printf "$2" > borrow-$1.git/objects/info/alternates
            }
            borrow inside '# ours\\n\(shop)/objects\\n'
            borrow nowhere '\(path)/gone/objects\\n'
            borrow outside '\(secret)/objects\\n'
            borrow relative '../../../secret/secret.git/objects\\n'
            borrow nested '\(root)/borrow-outside.git/objects\\n'
            borrow link '\(root)/link-outside.git/objects\\n'
            borrow quoted '"\(secret)/objects"\\n'
            borrow after-comment '#x\\n\\n\(shop)/objects\\n\(secret)/objects'
            borrow nested-pack '\(root)/pack-outside.git/objects\\n'
            borrow crlf '\(shop)/objects\\n# x\\r\\n\(secret)/objects\\n'
            borrow itself '\(root)/borrow-itself.git/objects\\n'
            for n in 0 1 2 3 4 5 6
            do borrow chain-$n "\(root)/borrow-chain-$((n + 1)).git/objects\\n"; done
            borrow chain-7 '\(shop)/objects\\n'
            """)
    }

    /// What leads elsewhere from deeper inside: git follows a link in the place of a single object, too.
    private func makeLinkedEntries() throws(Failure) {
        try shell(
            """
            cd root
            secret=\(secret) id=$(git -C ../secret/secret.git rev-parse \(Self.canary))
            rest=${id#??} first=${id%"$rest"}
            cp -R ../secret/secret.git ../secret/loose.git
            mv ../secret/loose.git/objects/pack/*.pack ../secret/loose.pack
            rm -f ../secret/loose.git/objects/pack/*
            git -C ../secret/loose.git unpack-objects -q <../secret/loose.pack
            git -C ../secret/loose.git update-ref refs/heads/loose $id
            loose=\(path)/secret/loose.git
            for name in pack-entry fanout object heads ref graph twice
            do cp -R shop.git $name-outside.git; done
            ln -s $secret/objects/pack/* pack-entry-outside.git/objects/pack/
            rm -rf fanout-outside.git/objects/$first
            ln -s $loose/objects/$first fanout-outside.git/objects/
            mkdir -p object-outside.git/objects/$first
            ln -s $loose/objects/$first/$rest object-outside.git/objects/$first/
            rm -r heads-outside.git/refs/heads
            ln -s $loose/refs/heads heads-outside.git/refs/heads
            ln -s $loose/refs/heads/loose ref-outside.git/refs/heads/
            ln -s $loose/refs/heads graph-outside.git/objects/info/commit-graphs
            mkdir twice && ln -s $loose/objects/$first twice/inner
            ln -s ../../twice twice-outside.git/objects/$first
            cp -R shop.git borrow-pack-entry.git
            echo \(root)/pack-entry-outside.git/objects > borrow-pack-entry.git/objects/info/alternates
            cp -R shop.git ref-nowhere.git && ln -s nowhere ref-nowhere.git/refs/heads/x
            cp -R shop.git fifo-ref.git && mkfifo fifo-ref.git/refs/heads/x
            cp -R shop.git fifo-pack.git && mkfifo fifo-pack.git/objects/pack/pack-x.idx
            cp -R shop.git fifo-linked.git && ln -s ../../../fifo.git fifo-linked.git/refs/heads/x
            cp -R shop.git linked-inside.git && rm -r linked-inside.git/refs/heads
            ln -s ../../shop.git/refs/heads linked-inside.git/refs/heads
            ln -s . linked-inside.git/refs/tags/loop
            cp -R shop.git ref-bytes.git && mkdir ref-bytes.git/refs/heads/"$(printf 'caf\\351')"
            """)
    }
}
