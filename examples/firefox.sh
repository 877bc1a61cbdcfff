#!/bin/bash
# Starts Firefox in a fresh profile, opens a page that counts primes and draws them, reads the page's answer through
# Marionette (the protocol of Firefox's own tests), takes a screenshot, and ends Firefox. Fails when the answer is wrong.
set -eu

results=$PWD/results
profile=$PWD/profile
mkdir -p "$results" "$profile"

children=()
finish() {
  for child in ${children[@]+"${children[@]}"}; do kill "$child" 2>/dev/null || true; done
  wait
}
trap finish EXIT

if [ "$(uname)" = Darwin ]; then
  firefox=/Applications/Firefox.app/Contents/MacOS/firefox
else
  firefox=$(type -P firefox-esr || type -P firefox || true)
fi
if ! [ -x "$firefox" ]; then
  echo "Firefox is not installed: apt-get install firefox-esr xvfb, or put Firefox.app into /Applications"
  exit 1
fi

if [ "$(uname)" != Darwin ]; then
  # The display's socket is one that every local user can name, so it takes only those who know the cookie.
  export XAUTHORITY=$PWD/.Xauthority
  (umask 077 && perl -e '
    open my $random, "<:raw", "/dev/urandom" or die "no random numbers: $!\n";
    read($random, my $cookie, 16) == 16 or die "no random numbers\n";
    my $name = "MIT-MAGIC-COOKIE-1";
    print pack("n", 0xffff), pack("n/a* n/a* n/a* n/a*", "", "", $name, $cookie);
  ' >"$XAUTHORITY")
  mkfifo display
  Xvfb -displayfd 3 -screen 0 1280x800x24 -auth "$XAUTHORITY" -nolisten tcp -nolisten unix -listen local \
    3>display >"$results/xvfb.log" 2>&1 &
  children+=($!)
  read -r -t 30 number <display || { echo "the display did not start:"; cat "$results/xvfb.log"; exit 1; }
  export DISPLAY=:$number
  echo "display $DISPLAY"
fi

cat >page.html <<'HTML'
<!doctype html>
<meta charset="utf-8">
<title>primes</title>
<h1>Primes below 2000, drawn by Firefox</h1>
<canvas width="1000" height="500"></canvas>
<p id="answer"></p>
<script>
  const primes = [];
  for (let n = 2; n < 2000; n++) if (primes.every((p) => n % p)) primes.push(n);
  const pen = document.querySelector("canvas").getContext("2d");
  pen.fillStyle = "#0060df";
  for (const n of primes) pen.fillRect((n % 50) * 20, Math.floor(n / 50) * 12, 18, 10);
  document.getElementById("answer").textContent = `${primes.length} primes`;
</script>
HTML
cat >"$profile/user.js" <<'PREFERENCES'
user_pref("marionette.port", 0);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.startup.homepage", "about:blank");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("toolkit.telemetry.reportingpolicy.firstRun", false);
user_pref("app.update.disabledForTesting", true);
user_pref("app.normandy.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "http://127.0.0.1:1/");
PREFERENCES

"$firefox" --version
"$firefox" --no-remote --profile "$profile" --marionette about:blank >"$results/firefox.log" 2>&1 &
children+=($!)

cat >drive.pl <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
use JSON::PP;
use MIME::Base64;

my ($profile, $page, $results) = @ARGV;
$SIG{ALRM} = sub { die "Firefox did not answer within two minutes\n" };
alarm 120;

# Firefox chooses a free port and writes it down, so that any number of these tasks can run beside each other.
my ($port, $socket);
until ($socket) {
  if (open my $file, "<", "$profile/MarionetteActivePort") {
    $port = <$file>;
    $socket = IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) if $port;
  }
  select undef, undef, undef, 0.2 unless $socket;
}
binmode $socket;

sub receive {
  my $length = "";
  until ($length =~ /:$/) {
    read($socket, my $byte, 1) or die "Firefox closed the connection\n";
    $length .= $byte;
  }
  chop $length;
  my $text = "";
  while (length $text < $length) {
    read($socket, $text, $length - length $text, length $text) or die "Firefox closed the connection\n";
  }
  return decode_json($text);
}

my $id = 0;
sub command {
  my ($name, $parameters) = @_;
  my $text = encode_json([0, ++$id, $name, $parameters]);
  print $socket length($text), ":", $text;
  $socket->flush;
  my (undef, undef, $error, $result) = @{ receive() };
  die "$name: $error->{error}: $error->{message}\n" if $error;
  return $result;
}

receive();
my $session = command("WebDriver:NewSession", {});
my $capabilities = $session->{capabilities};
command("WebDriver:Navigate", { url => $page });
my $answer = command("WebDriver:ExecuteScript", {
  script => 'return { title: document.title, answer: document.getElementById("answer").textContent,
                      width: innerWidth, height: innerHeight, visible: document.visibilityState }',
  args => [],
})->{value};
$answer->{browser} = "$capabilities->{browserName} $capabilities->{browserVersion}";
$answer->{headless} = $capabilities->{"moz:headless"} ? JSON::PP::true : JSON::PP::false;
my $picture = decode_base64(command("WebDriver:TakeScreenshot", { full => JSON::PP::false })->{value});
open my $png, ">:raw", "$results/screenshot.png" or die "screenshot.png: $!\n";
print $png $picture;
close $png or die "screenshot.png: $!\n";
open my $json, ">", "$results/result.json" or die "result.json: $!\n";
print $json JSON::PP->new->canonical->pretty->encode($answer);
close $json or die "result.json: $!\n";
command("Marionette:Quit", { flags => ["eForceQuit"] });
die "the page says \"$answer->{answer}\", but there are 303 primes below 2000\n" if $answer->{answer} ne "303 primes";
die "Firefox ran without a window\n" if $answer->{headless};
die "the screenshot is empty\n" if length $picture < 1000;
PERL
perl drive.pl "$profile" "file://$PWD/page.html" "$results" || { echo "the last lines of Firefox:"; tail -n 20 "$results/firefox.log"; exit 1; }
cat "$results/result.json"
echo "the screenshot has $(wc -c <"$results/screenshot.png" | tr -d ' ') bytes"
