/** The kernel's numbers of the calls that Perl has no name for. */
const NUMBERS: { readonly [architecture: string]: { readonly [call: string]: number } } = {
  x64: {
    ...{ unshare: 272, setns: 308, mount: 165, setsid: 112, setgroups: 116, setresgid: 119 },
    ...{ setresuid: 117, prctl: 157, prlimit: 302, dup3: 292, sendmsg: 46, recvmsg: 47 },
  },
  arm64: {
    ...{ unshare: 97, setns: 268, mount: 40, setsid: 157, setgroups: 159, setresgid: 149 },
    ...{ setresuid: 147, prctl: 167, prlimit: 261, dup3: 24, sendmsg: 211, recvmsg: 212 },
  },
};

/**
 * Reads what it is asked for, starts it and tells what is heard of it, until nobody can ask any more. It does without
 * modules, whose loading takes longer than a start.
 */
const MAIN = String.raw`
use strict;
my (%waiting, $asked);
umask 022;
$SIG{PIPE} = 'IGNORE';
$SIG{CHLD} = sub {
  local ($!, $?);
  while ((my $pid = waitpid -1, 1) > 0) { $_->{pid} = 0 for grep { $_->{pid} == $pid } values %waiting }
};
for (;;) {
  my $heard = '';
  vec($heard, fileno $_, 1) = 1 for *STDIN, map { $_->{ready} } values %waiting;
  next if select($heard, undef, undef, undef) < 0;
  for my $id (keys %waiting) { hear($id) if vec($heard, fileno $waiting{$id}{ready}, 1) }
  next unless vec($heard, 0, 1);
  my $got = sysread(STDIN, $asked, 65536, length($asked // ''));
  exit if defined $got && $got == 0;
  while ($asked =~ s/^(.*?)\0\0//s) { answer("$1") }
}

sub answer {
  my %ask;
  for (split /\0/, shift) { my ($key, $value) = split /=/, $_, 2; push @{$ask{$key}}, $value }
  my $id = $ask{id}[0];
  return start($id, \%ask) if $ask{argv};
  my $known = $waiting{$id} or return;
  return syswrite $known->{ready}, "go\n" if $ask{release};
  kill 'KILL', $known->{pid} if $ask{kill} && $known->{pid};
  delete $waiting{$id};
}

sub start {
  my ($id, $ask) = @_;
  my $paired = socketpair(my $ours, my $theirs, 1, 1, 0);
  my $pid = $paired ? fork : undef;
  unless (defined $pid) { tell_of($id, 'said', "!$!"); return tell_of($id, 'closed', '') }
  if ($pid == 0) {
    close $_ for *STDIN, *STDOUT, $ours, map { $_->{ready} } values %waiting;
    eval { become($ask, $theirs) };
    syswrite $theirs, "!$@";
    exit 1;
  }
  $waiting{$id} = { pid => $pid, ready => $ours };
  tell_of($id, 'started', $pid);
}

sub hear {
  my $id = shift;
  my $got = sysread $waiting{$id}{ready}, my $text, 4096;
  return tell_of($id, 'said', $text) if $got;
  delete $waiting{$id};
  tell_of($id, 'closed', '');
}

sub tell_of {
  my ($id, $what, $text) = @_;
  # Whoever reads this knows more ends of a line than one.
  $text =~ tr/ -~/ /c;
  syswrite STDOUT, "$id $what $text\n";
}
`;

/** What a started process does until it is the program. Whatever it dies of is told over its socket. */
const BECOMING = String.raw`
sub become {
  my ($ask, $ready) = @_;
  my ($user, $limit) = ($ask->{user}, pack 'Q2', 0, 0);
  $SIG{$_} = 'DEFAULT' for 'CHLD', 'PIPE';
  %ENV = map { split /=/, $_, 2 } @{$ask->{env}};
  call('setsid');
  spill($_, $$) for @{$ask->{group} // []};
  my @given = ($ready, map { opened($ask, @$_) } ['arguments', 0], ['seccomp', 0], ['status', 01|0100|01000]);
  my @plain = (opened({ nothing => ['/dev/null'] }, 'nothing', 0), (opened($ask, 'log', 01|0100|02000)) x 2);
  my @sockets = $ask->{port} ? listening($ask) : ();
  if ($ask->{source}) {
    call('unshare', 0x20000);
    call('mount', 'none', '/', 0, 0x84000, 0);
    call('mount', 'none', $ask->{stage}[0], 'tmpfs', 0xe, $ask->{memory}[0]);
    mkdir $_ or die "$_: $!\n" for @{$ask->{place} // []};
    for my $at (0 .. $#{$ask->{source}}) {
      my ($source, $target) = ($ask->{source}[$at], $ask->{target}[$at]);
      -d $source ? mkdir $target : sysopen my $file, $target, 0101 or die "$target: $!\n";
      call('mount', $source, $target, 0, 0x1000, 0);
    }
    call('mount', $ask->{stage}[0], $ask->{staged}[0], 0, 0x5000, 0);
  }
  call('prlimit', 0, 4, $limit, 0);
  if ($user) { drop(@$user); call('prctl', 38, 1, 0, 0, 0) }
  enter($ask->{within}[0]) if $ask->{within};
  own_namespace($user ? @$user : ($> + 0, $) + 0)) if $ask->{own};
  if ($ask->{keep}) { keep($ready, @given[2, 3]); @given = () }
  place(@plain, @given, @sockets);
  exec { $ask->{argv}[0] } @{$ask->{argv}};
  my $why = $!;
  # Where it was before there may be another by now.
  open $_[1], '>&=', 3 if @given;
  die "$ask->{argv}[0]: $why\n";
}

sub call {
  my ($name, @given) = @_;
  my $got = syscall $number{$name}, @given;
  die "$name: $!\n" if $got == -1;
  return $got;
}

sub opened {
  my ($ask, $name, $flags) = @_;
  sysopen(my $file, $ask->{$name}[0], $flags, 0600) or die "$name: $!\n";
  return $file;
}

sub spill {
  my ($path, $text) = @_;
  open(my $file, '>', $path) or die "$path: $!\n";
  syswrite($file, $text) // die "$path: $!\n";
}

sub drop {
  my ($uid, $gid) = map { $_ + 0 } @_;
  call('setgroups', 0, 0);
  call('setresgid', $gid, $gid, $gid);
  call('setresuid', $uid, $uid, $uid);
}

sub own_namespace {
  my ($uid, $gid) = @_;
  # Whoever changed its user may not describe itself, until it says that nothing here is secret.
  call('prctl', 4, 1, 0, 0, 0);
  call('unshare', 0x10000000);
  spill('/proc/self/setgroups', 'deny');
  spill('/proc/self/uid_map', "0 $uid 1");
  spill('/proc/self/gid_map', "0 $gid 1");
}

sub enter {
  my $pid = shift;
  my @kinds = map { open my $kind, '<', "/proc/$pid/ns/$_" or die "its $_ namespace: $!\n"; $kind } 'user', 'net';
  call('setns', fileno $_, 0) for @kinds;
}

# All are moved out of the way first: one of them may have the number that another is to have.
sub place {
  my @above = map { fcntl($_, 1030, 64) // die "descriptor: $!\n" } @_;
  call('dup3', $above[$_] + 0, $_ + 0, 0) for 0 .. $#above;
}
`;

/**
 * Makes a network with nothing but a loopback, for whoever is to be in it, and waits for the word to keep it. No right
 * of its user namespace is left to the program that it becomes.
 */
const KEEPING = String.raw`
sub keep {
  my ($ready, $seccomp, $status) = @_;
  call('unshare', 0x40000000);
  socket(my $any, 2, 2, 0) or die "socket: $!\n";
  my $up = pack 'a16 s x22', 'lo', 0x41;
  ioctl($any, 0x8914, $up) or die "loopback: $!\n";
  for my $right (0 .. 63) {
    next if syscall($number{prctl}, 24, $right, 0, 0, 0) == 0;
    last if $right && $! == 22;
    die "rights: $!\n";
  }
  sysread($seccomp, my $filter, 65536) or die "filter: $!\n";
  call('prctl', 38, 1, 0, 0, 0);
  call('prctl', 22, 2, pack('S x6 P', length($filter) / 8, $filter), 0, 0);
  syswrite $status, qq({"child-pid": $$}\n);
  syswrite $ready, 'x';
  exit 143 unless sysread $ready, my $go, 3;
}
`;

/** A process of its own enters the bottle's network, listens and hands the sockets out: there is no way back for it. */
const LISTENING = String.raw`
sub listening {
  my $ask = shift;
  socketpair(my $out, my $in, 1, 1, 0) or die "socketpair: $!\n";
  my $pid = fork // die "fork: $!\n";
  if ($pid == 0) {
    eval { hand_over($ask, $in) };
    syswrite $in, $@ if $@;
    exit 0;
  }
  close $in;
  my ($text, $rights) = ('', '');
  $text .= "\0" x 512;
  $rights .= "\0" x 64;
  my $got = pass('recvmsg', $out, 0x40000000, $text, $rights);
  waitpid $pid, 0;
  die 'listening: ', substr($text, 0, $got) || "it ended without a word\n", "\n" if ord $rights == 0;
  my ($size) = unpack 'Q', $rights;
  return map { open my $socket, '+<&=', $_ or die "socket: $!\n"; $socket } unpack 'x16 i' . ($size - 16) / 4, $rights;
}

sub hand_over {
  my ($ask, $channel) = @_;
  drop(@{$ask->{listener}}) if $ask->{listener};
  enter($ask->{network}[0]);
  my @sockets = map { listener($_) } @{$ask->{port}};
  my ($text, $rights) = ('x', pack 'Q i i i*', 16 + 4 * @sockets, 1, 1, map { fileno $_ } @sockets);
  $rights .= "\0" x (-length($rights) % 8);
  pass('sendmsg', $channel, 0, $text, $rights);
}

sub pass {
  my ($name, $channel, $flags) = @_;
  my $piece = pack 'P Q', $_[3], length $_[3];
  call($name, fileno $channel, pack('Q L x4 P Q P Q i x4', 0, 0, $piece, 1, $_[4], length $_[4], 0), $flags);
}

sub listener {
  my $port = shift;
  socket(my $socket, 2, 1, 0) or die "socket: $!\n";
  setsockopt($socket, 1, 2, pack 'i', 1) or die "socket: $!\n";
  bind($socket, pack 'S n C4 x8', 2, $port, 127, 0, 0, 1) or die "port $port: $!\n";
  listen($socket, 511) or die "port $port: $!\n";
  return $socket;
}
`;

/** argv of the program; null where it does not know the machine's calls. */
export function launcherProgram(architecture: string): readonly string[] | null {
  const numbers = NUMBERS[architecture];
  if (numbers === undefined) return null;
  const table = Object.entries(numbers).map(([call, number]) => `${call} => ${number}`);
  return [
    'perl',
    '-e',
    `my %number = (${table.join(', ')});\n${MAIN}${BECOMING}${KEEPING}${LISTENING}`,
  ];
}
