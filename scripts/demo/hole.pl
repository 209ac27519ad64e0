# An application with a hole, for the demo: whoever sends it a command has it run, as by an injection. It answers with what the command printed.
use strict;
use warnings;
use IO::Socket;

$SIG{CHLD} = "IGNORE";
my $listener = IO::Socket::INET->new(LocalAddr => "0.0.0.0", LocalPort => 8080, Listen => 64, ReuseAddr => 1) or die "cannot listen: $!\n";
while (my $client = $listener->accept) {
  my $pid = fork;
  if (!defined $pid || $pid) { close $client; next }
  my ($line, $size) = (scalar <$client> // "", 0);
  while (my $head = <$client>) { last if $head eq "\r\n"; $size = $1 if $head =~ /^content-length: *(\d+)/i }
  read $client, my $command, $size if $size;
  $SIG{CHLD} = "DEFAULT";
  my $output = $line =~ m{^POST /run } ? `$command 2>&1` : "ready\n";
  print $client "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " . length($output) . "\r\n\r\n$output";
  exit;
}
