// The terminal of an interactive shell, in a browser. It speaks taskcluster-worker's protocol, because that one lets it say
// what output it has shown: a program that never stops writing is then held up, and fills no memory here.
const type = { data: 0, used: 1, size: 3 };
const stream = { stdin: 0, stdout: 1 };
const mostBytes = 16 * 1024;

const place = document.getElementById("terminal");
const terminal = new window.Terminal({ scrollback: 10_000 });
const address = `${location.origin.replace(/^http/, "ws")}${location.pathname}/taskcluster-worker?tty=true`;
const socket = new WebSocket(address);
socket.binaryType = "arraybuffer";

function send(...bytes) {
  if (socket.readyState === WebSocket.OPEN) socket.send(Uint8Array.from(bytes));
}

function sendInput(bytes) {
  for (let at = 0; at < bytes.length; at += mostBytes) {
    send(type.data, stream.stdin, ...bytes.subarray(at, at + mostBytes));
  }
}

function sendSize() {
  const { cols, rows } = terminal;
  send(type.size, cols >> 8, cols & 255, rows >> 8, rows & 255);
}

/** As many columns and rows as there is room for. */
function fit() {
  const scrollBar = 16;
  const screen = place.querySelector(".xterm-screen");
  const width = screen.clientWidth / terminal.cols;
  const height = screen.clientHeight / terminal.rows;
  if (width === 0 || height === 0) return;
  const columns = Math.floor((place.clientWidth - scrollBar) / width);
  terminal.resize(Math.max(2, columns), Math.max(1, Math.floor(place.clientHeight / height)));
}

terminal.open(place);
terminal.onData((text) => sendInput(new TextEncoder().encode(text)));
terminal.onBinary((text) => sendInput(Uint8Array.from(text, (each) => each.charCodeAt(0))));
terminal.onResize(sendSize);
window.addEventListener("resize", fit);
window.addEventListener("beforeunload", (event) => {
  // To leave is to end the shell.
  if (socket.readyState === WebSocket.OPEN) event.preventDefault();
});

socket.onopen = () => {
  fit();
  sendSize();
  terminal.focus();
};
socket.onmessage = ({ data }) => {
  const bytes = new Uint8Array(data);
  const output = bytes.subarray(2);
  if (bytes[0] !== type.data || bytes[1] !== stream.stdout || output.length === 0) return;
  terminal.write(output, () => send(type.used, stream.stdout, 0, 0, output.length >> 8, output.length & 255));
};
socket.onclose = ({ reason }) => {
  terminal.write(`\r\n[the shell has ended${reason ? `: ${reason}` : ", or the connection to it"}]\r\n`);
};
