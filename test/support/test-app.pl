# A web application for tests, in the Perl that the test image has: HTTP/1.1 with keep-alive, slow answers, uploads and WebSockets, in one process.
# APP_VERSION is in every answer. APP_BROKEN: "start" ends at once, "health" answers 500 to its health check, "late" does so after APP_LATE seconds, "early" until then, "hungry" eats memory from then on. SIGTERM it does not hear:
# it is the first process of its instance, and has nothing for that signal.
use strict;
use warnings;
use IO::Select;
use IO::Socket;

my $version = $ENV{APP_VERSION} // "0";
my $broken = $ENV{APP_BROKEN} // "";
my $began = time;
exit 3 if $broken eq "start";
open my $name, "<", "/etc/hostname" or die "no host name\n";
chomp(my $host = <$name>);

my $listener = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 8080, Listen => 512, ReuseAddr => 1) or die "cannot listen: $!\n";
$listener->blocking(0);
$SIG{PIPE} = "IGNORE";
my $select = IO::Select->new($listener);
my %clients;
my @later;
print "version $version listens\n";
STDOUT->flush;

while (1) {
  my $wait = @later ? 0.005 : 1;
  for my $socket ($select->can_read($wait)) {
    if ($socket == $listener) { accept_all(); next }
    read_from($socket);
  }
  eat() if $broken eq "hungry" && time - $began >= ($ENV{APP_LATE} // 5);
  my $now = monotonic();
  my @due = grep { $_->{at} <= $now } @later;
  @later = grep { $_->{at} > $now } @later;
  $_->{do}->() for @due;
}


# time() counts whole seconds only, and Time::HiRes is no part of the smallest Perl.
sub monotonic {
  open my $up, "<", "/proc/uptime" or return time;
  my ($seconds) = split / /, <$up>;
  return $seconds;
}

sub accept_all {
  while (my $socket = $listener->accept) {
    $socket->blocking(0);
    binmode $socket;
    $select->add($socket);
    $clients{$socket} = { in => "", ws => 0 };
  }
}

sub end { my ($socket) = @_; $select->remove($socket); delete $clients{$socket}; close $socket }

sub read_from {
  my ($socket) = @_;
  my $client = $clients{$socket} or return;
  my $got = sysread $socket, my $bytes, 65536;
  return if !defined $got && $!{EAGAIN};
  return end($socket) if !$got;
  $client->{in} .= $bytes;
  if ($client->{ws}) { return read_frames($socket, $client) }
  1 while $clients{$socket} && !$client->{ws} && take_request($socket, $client);
  read_frames($socket, $client) if $client->{ws} && $clients{$socket};
}

sub take_request {
  my ($socket, $client) = @_;
  return 0 if $client->{in} !~ /\A(\w+) (\S+) HTTP\/1\.[01]\r\n(.*?)\r\n\r\n/s;
  my ($method, $path, $head, $length) = ($1, $2, "\r\n$3\r\n", $+[0]);
  my $size = $head =~ /\r\ncontent-length: *(\d+)/i ? $1 : 0;
  return 0 if length($client->{in}) < $length + $size;
  my $body = substr $client->{in}, $length, $size;
  $client->{in} = substr $client->{in}, $length + $size;
  my $is_last = $head =~ /\r\nconnection: *close/i;
  return upgrade($socket, $client, $head) if $head =~ /\r\nupgrade: *websocket/i;
  if ($path =~ /^\/slow\/(\d+)/) {
    push @later, { at => monotonic() + $1 / 1000, do => sub { answer($socket, 200, page(), $is_last) } };
    return 1;
  }
  my $is_sick = $broken eq "health" || ($broken eq "early" && time - $began < ($ENV{APP_LATE} // 5)) || ($broken eq "late" && time - $began >= ($ENV{APP_LATE} // 5));
  return answer($socket, 500, "sick\n", $is_last) if $path eq "/health" && $is_sick;
  return answer($socket, 200, "x" x $1, $is_last) if $path =~ /^\/size\/(\d+)/;
  return answer($socket, 200, $method eq "POST" ? $body : page(), $is_last);
}

sub eat { my @eaten; push @eaten, "x" x 1_000_000 while 1 }

sub page { return "version $version of $host\n" }

sub answer {
  my ($socket, $status, $body, $is_last) = @_;
  return 0 if !$clients{$socket};
  my $end = $is_last ? "close" : "keep-alive";
  put($socket, "HTTP/1.1 $status X\r\nContent-Type: text/plain\r\nX-Instance: $host\r\nConnection: $end\r\nContent-Length: " . length($body) . "\r\n\r\n$body");
  end($socket) if $is_last;
  return 1;
}

sub put {
  my ($socket, $bytes) = @_;
  $socket->blocking(1);
  while (length $bytes) {
    my $done = syswrite $socket, $bytes;
    last if !$done;
    $bytes = substr $bytes, $done;
  }
  $socket->blocking(0);
}

# RFC 6455, section 4.2.2.
sub upgrade {
  my ($socket, $client, $head) = @_;
  return 0 if $head !~ /\r\nsec-websocket-key: *(\S+)/i;
  my $accept = base64(sha1($1 . "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
  put($socket, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nX-Instance: $host\r\nSec-WebSocket-Accept: $accept\r\n\r\n");
  $client->{ws} = 1;
  return 1;
}

# Section 5.2: what comes is masked, what goes back is not. Short and middling frames, each a whole message; more is not needed here.
sub read_frames {
  my ($socket, $client) = @_;
  while (length $client->{in} >= 6) {
    my ($first, $second) = unpack "CC", $client->{in};
    my ($size, $at) = ($second & 127, 2);
    if ($size == 126) { return if length $client->{in} < 8; $size = unpack "x2 n", $client->{in}; $at = 4 }
    return if length $client->{in} < $at + 4 + $size;
    my $mask = substr $client->{in}, $at, 4;
    my $data = substr($client->{in}, $at + 4, $size) ^ substr($mask x ($size / 4 + 1), 0, $size);
    $client->{in} = substr $client->{in}, $at + 4 + $size;
    my $kind = $first & 15;
    my $answer = $kind == 9 ? 0x8a : $kind == 8 ? 0x88 : 0x80 | $kind;
    put($socket, pack("C", $answer) . ($size < 126 ? pack("C", $size) : pack("Cn", 126, $size)) . $data);
    return end($socket) if $kind == 8;
  }
}

# FIPS 180-4, section 6.1: Digest::SHA is no part of the smallest Perl.
sub sha1 {
  my ($text) = @_;
  my $bits = length($text) * 8;
  $text .= "\x80";
  $text .= "\0" while length($text) % 64 != 56;
  $text .= pack "NN", 0, $bits;
  my @h = (0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  for my $block (unpack "(a64)*", $text) {
    my @w = unpack "N16", $block;
    push @w, rotate($w[-3] ^ $w[-8] ^ $w[-14] ^ $w[-16], 1) while @w < 80;
    my ($a, $b, $c, $d, $e) = @h;
    for my $t (0 .. 79) {
      my ($f, $k) =
          $t < 20 ? (($b & $c) | (~$b & $d), 0x5a827999)
        : $t < 40 ? ($b ^ $c ^ $d, 0x6ed9eba1)
        : $t < 60 ? (($b & $c) | ($b & $d) | ($c & $d), 0x8f1bbcdc)
        :           ($b ^ $c ^ $d, 0xca62c1d6);
      my $next = (rotate($a, 5) + ($f & 0xffffffff) + $e + $k + $w[$t]) & 0xffffffff;
      ($e, $d, $c, $b, $a) = ($d, $c, rotate($b, 30), $a, $next);
    }
    my @add = ($a, $b, $c, $d, $e);
    $h[$_] = ($h[$_] + $add[$_]) & 0xffffffff for 0 .. 4;
  }
  return pack "N5", @h;
}

sub rotate { my ($x, $n) = @_; $x &= 0xffffffff; return (($x << $n) | ($x >> (32 - $n))) & 0xffffffff }

sub base64 {
  my ($bytes) = @_;
  my @letters = ("A" .. "Z", "a" .. "z", 0 .. 9, "+", "/");
  my $bits = unpack "B*", $bytes;
  $bits .= "0" while length($bits) % 6;
  my $text = join "", map { $letters[oct "0b$_"] } unpack "(a6)*", $bits;
  $text .= "=" while length($text) % 4;
  return $text;
}
