/**
 * What our notes on macOS say without proof: each claim that is only plausible (F) or was measured on Linux alone (M), and
 * the open questions with which they end (Q1–Q12). Each has probes, or the reason why a Mac need not be asked.
 */
export interface Claim {
  readonly claim: string;
  readonly mark: "F" | "M" | `Q${number}`;
  /** Numbers of the probes, or why there is none. */
  readonly asked: readonly number[] | string;
}

const claim = (mark: Claim["mark"], text: string, asked: Claim["asked"]): Claim => ({ mark, claim: text, asked });
const notOurs = (what: string): string => `we do not lean on it: ${what}`;

export const claims: readonly Claim[] = [
  claim("Q1", "whether a system job may delete a user without a grant, on each macOS", [6, 7]),
  claim("Q2", "whether the home can be set after the record is made, without a grant", [8]),
  claim("Q3", "what setting the same value twice ends with", [9]),
  claim("Q4", "whether TCC forbids to delete a group", [10]),
  claim("Q5", "whether -delete /Users/. would still be one of all users", [4, 5]),
  claim("Q6", "how long a new account is not seen", [3]),
  claim("Q7", "whether setuid(-101) does nothing", [14]),
  claim("Q8", "kill -1, rounds of SIGSTOP, and bootout of a user who never logged in", [24, 25, 26, 27, 28]),
  claim("Q9", "whether a window opens in somebody else's session", [56, 57, 58]),
  claim("Q10", "whether Node signed without rights runs with --jitless", [45]),
  claim("Q11", "who wins the race against a removal on APFS", [36, 37]),
  claim("Q12", "whether builds work on a volume that is mounted nosuid", [38]),
  claim("F", "calls of dscl side by side are safe", [2]),
  claim("F", "deletion of a group is free", [10]),
  claim("F", "programs need no template in their home", [20]),
  claim("F", "extended attributes that macOS gives files are harmless and go with them", [30]),
  claim("F", "asuser passes the exit status on", [57]),
  claim("F", "the window server takes connections of another uid in the session", [58]),
  claim("F", "an own signature without rights is enough for --jitless", [45]),
  claim(
    "F",
    "a private call that separates a child's grants from its parent's is out of reach",
    notOurs("no grant is asked for"),
  ),
  claim("F", "proc_listpids through Node's ffi would spare a process", notOurs("root has no ffi, and lists with ps")),
  claim("F", "Node as a shim takes 40 to 80 ms to start", notOurs("bash is the shim")),
  claim("M", "a child without a uid, or with null, stays root", [13]),
  claim("M", "Node accepts the uid -101", [14]),
  claim("M", "a uid without a gid keeps root's group", [12]),
  claim("M", "asynchronous removal as root loses races, synchronous removal does not", [36, 37]),
  claim("M", "a storm of SIGSTOP freezes a killer that runs as the user", [25]),
  claim("M", "rounds of STOP and KILL by root end fork bombs", [24, 26]),
  claim("M", "a Unix socket has the mode 0777 without the umask", [39]),
  claim("M", "a path that is too long for a socket is refused", [40]),
  claim("M", "a second listener at a path is refused where the socket is", notOurs("a lock stands before the socket")),
  claim("M", "NODE_OPTIONS and its like run code as root", [19, 52]),
  claim("M", "SIGUSR1 opens a debugger, and --disable-sigusr1 keeps it closed", [43]),
  claim("M", "--jitless runs everything that the helper needs", [44, 45]),
  claim("M", "inherited descriptors pass through Node into a child", [15]),
  claim("M", "odd names of variables reach a child", notOurs("names are checked before root sees them")),
  claim("M", "the permission flags hold for files, and Unix sockets need --allow-net", [44]),
  claim(
    "M",
    "JSON with duplicate keys, deep nesting or lone surrogates is parsed",
    notOurs("it is JavaScript, the same everywhere"),
  ),
  claim("M", "a prototype that was changed does not reach spawn", notOurs("it is JavaScript, the same everywhere")),
  claim("M", "Node's ffi can ask a socket for its peer", notOurs("modes of the directory are the authentication")),
  claim("M", "mount namespaces and tmpfs stand for nosuid volumes in tests", notOurs("it is about tests on Linux")),
  claim("M", "a single executable ignores NODE_OPTIONS", notOurs("the helper is no single executable")),
];
