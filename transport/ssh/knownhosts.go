package ssh

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// knownHosts is what the known_hosts files say, in the format of sshd(8), "SSH_KNOWN_HOSTS FILE
// FORMAT". x/crypto's parser gives up a whole file for one line with a key type that it does not
// know, and does not tell authorities from keys; ssh(1) skips such lines, and so does this.
type knownHosts struct {
	files []string
	lines []knownLine
}

// knownLine is one usable line.
type knownLine struct {
	file     string
	number   int
	marker   string // "", "@cert-authority" or "@revoked"
	patterns string // as in the file
	key      ssh.PublicKey
}

const (
	markerAuthority = "@cert-authority"
	markerRevoked   = "@revoked"
)

// readKnownHosts reads the files that are there.
func readKnownHosts(files []knownHostsFile) (*knownHosts, error) {
	k := &knownHosts{}
	for _, f := range files {
		text, err := os.ReadFile(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist) && !f.must:
			continue
		case err != nil:
			return nil, fmt.Errorf("known_hosts: %w", err)
		}
		k.files = append(k.files, f.path)
		k.parse(f.path, string(text))
	}
	return k, nil
}

// parse adds the usable lines of one file.
func (k *knownHosts) parse(file, text string) {
	for i, line := range strings.Split(text, "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		l := knownLine{file: file, number: i + 1}
		if strings.HasPrefix(fields[0], "@") {
			l.marker, fields = fields[0], fields[1:]
			if l.marker != markerAuthority && l.marker != markerRevoked {
				continue
			}
		}
		if len(fields) < 3 {
			continue
		}
		blob, err := base64.StdEncoding.DecodeString(fields[2])
		if err != nil {
			continue
		}
		key, err := ssh.ParsePublicKey(blob)
		if err != nil || key.Type() != fields[1] {
			continue
		}
		l.patterns, l.key = fields[0], key
		k.lines = append(k.lines, l)
	}
}

// entryName is a host as known_hosts writes it: the port only where it is not 22.
func entryName(name string, port int) string {
	name = strings.ToLower(name)
	if port == 0 || port == 22 {
		return name
	}
	return "[" + name + "]:" + strconv.Itoa(port)
}

// match reports whether the line speaks of the entry name.
func (l knownLine) match(name string) bool {
	found, denied := l.mentions(name)
	return found && !denied
}

// mentions reports whether a pattern of the line fits the entry name, and whether one excludes it.
func (l knownLine) mentions(name string) (found, denied bool) {
	if strings.HasPrefix(l.patterns, "|1|") {
		parts := strings.Split(l.patterns, "|")
		if len(parts) != 4 {
			return false, false
		}
		salt, err1 := base64.StdEncoding.DecodeString(parts[2])
		sum, err2 := base64.StdEncoding.DecodeString(parts[3])
		mac := hmac.New(sha1.New, salt)
		mac.Write([]byte(name))
		return err1 == nil && err2 == nil && hmac.Equal(mac.Sum(nil), sum), false
	}
	for _, p := range strings.Split(strings.ToLower(l.patterns), ",") {
		pattern, not := strings.CutPrefix(p, "!")
		if pattern == "" || !wildcard(pattern, name) {
			continue
		}
		found, denied = found || !not, denied || not
	}
	return found, denied
}

// wildcard matches with * for any run of bytes and ? for any one.
func wildcard(pattern, s string) bool {
	star, from := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			from++
			p, i = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// find returns the lines for a host, and whether they name it as it is. Where none names it with
// its port, those for its name alone may still vouch for it, as ssh(1) does it.
func (k *knownHosts) find(name string, port int) (found []knownLine, exact bool) {
	for i, entry := range []string{entryName(name, port), entryName(name, 0)} {
		var lines []knownLine
		for _, l := range k.lines {
			_, denied := l.mentions(entryName(name, port))
			if l.marker != markerRevoked && l.match(entry) && !denied {
				lines = append(lines, l)
			}
		}
		if len(lines) > 0 {
			return lines, i == 0
		}
	}
	return nil, false
}

// algorithms returns the host key algorithms that the server can prove a known key with, so that
// a server with several keys shows the one that is known. None for an unknown host: any will do,
// to be refused with its fingerprint.
func (k *knownHosts) algorithms(name string, port int) []string {
	var plain, certified []string
	lines, _ := k.find(name, port)
	for _, l := range lines {
		if l.marker == markerAuthority {
			// What an authority certifies may be a key of any type.
			certified = append(certified, ssh.CertAlgoED25519v01, ssh.CertAlgoECDSA256v01, ssh.CertAlgoECDSA384v01,
				ssh.CertAlgoECDSA521v01, ssh.CertAlgoRSASHA512v01, ssh.CertAlgoRSASHA256v01)
			continue
		}
		if l.key.Type() == ssh.KeyAlgoRSA {
			// The signatures of RSA keys with SHA-1 ("ssh-rsa") are not accepted.
			plain = append(plain, ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256)
			continue
		}
		plain = append(plain, l.key.Type())
	}
	all := append(certified, plain...)
	var once []string
	for _, a := range all {
		if !slices.Contains(once, a) {
			once = append(once, a)
		}
	}
	return once
}

// check accepts the key of a host or returns a *HostKeyError, or why a certificate is not valid.
func (k *knownHosts) check(name string, port int, key ssh.PublicKey) error {
	e := k.refuse(name, port)
	e.Type, e.Fingerprint = key.Type(), ssh.FingerprintSHA256(key)
	cert, isCert := key.(*ssh.Certificate)
	plain := key
	if isCert {
		plain = cert.Key
		e.Fingerprint = ssh.FingerprintSHA256(plain)
	}
	for _, l := range k.lines {
		revoked := l.marker == markerRevoked && (sameKey(l.key, plain) || isCert && sameKey(l.key, cert.SignatureKey))
		if revoked && (l.match(entryName(name, port)) || l.match(entryName(name, 0))) {
			e.Err, e.Known = ErrHostKeyRevoked, []KnownHost{knownHost(l)}
			return e
		}
	}
	lines, _ := k.find(name, port)
	for _, l := range lines {
		switch {
		case l.marker == "" && sameKey(l.key, plain):
			return nil
		case l.marker == markerAuthority && isCert && sameKey(l.key, cert.SignatureKey):
			return checkCertificate(cert, name)
		}
	}
	return e
}

// refuse returns the error for a key that nothing vouches for.
func (k *knownHosts) refuse(name string, port int) *HostKeyError {
	e := &HostKeyError{Err: ErrHostKeyUnknown, Name: entryName(name, port), Files: k.files}
	lines, exact := k.find(name, port)
	if !exact {
		return e
	}
	e.Err = ErrHostKeyChanged
	for _, l := range lines {
		e.Known = append(e.Known, knownHost(l))
	}
	return e
}

// checkCertificate checks a host certificate whose authority is known.
func checkCertificate(cert *ssh.Certificate, name string) error {
	if cert.CertType != ssh.HostCert {
		return errors.New("the server shows a certificate that is not for hosts")
	}
	checker := ssh.CertChecker{Clock: time.Now}
	if err := checker.CheckCert(strings.ToLower(name), cert); err != nil {
		return fmt.Errorf("host certificate: %w", err)
	}
	return nil
}

func sameKey(a, b ssh.PublicKey) bool { return bytes.Equal(a.Marshal(), b.Marshal()) }

// splitAddress splits host:port with a numeric port.
func splitAddress(address string) (string, int, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err := strconv.Atoi(text)
	if err != nil || port < 1 || port > 65535 {
		return "", 0, fmt.Errorf("port %q is not a number from 1 to 65535", text)
	}
	return host, port, nil
}
