package token

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// isPEM reports whether data looks like PEM (RFC 7468).
func isPEM(data []byte) bool { return bytes.Contains(data, []byte("-----BEGIN ")) }

// pemBlocks gives the blocks of a PEM text, none if it has none. What stands between
// them are remarks.
func pemBlocks(data []byte) ([]*pem.Block, error) {
	var blocks []*pem.Block
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		if block.Type != "EC PARAMETERS" { // openssl writes the curve in front of a key
			blocks = append(blocks, block)
		}
		if len(blocks) > maxKeys {
			return nil, fmt.Errorf("over %d keys in PEM", maxKeys)
		}
		data = rest
	}
	if isPEM(data) {
		return nil, errors.New("a key in PEM is cut off or not in base64")
	}
	return blocks, nil
}

// privatePEM reads a private key: PKCS #8 (RFC 5958), PKCS #1 (RFC 8017) or SEC 1
// (RFC 5915).
func privatePEM(block *pem.Block) (crypto.Signer, error) {
	var key any
	var err error
	switch {
	case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
		return nil, keyError("the private key is encrypted: decrypt it, and keep the file from others")
	case block.Type == "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case block.Type == "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	case block.Type == "EC PRIVATE KEY":
		key, err = x509.ParseECPrivateKey(block.Bytes)
	default:
		return nil, keyError("the PEM block is not a private key")
	}
	if err != nil { // its text may quote what it has read
		return nil, keyError("the private key in PEM cannot be read")
	}
	switch key := key.(type) {
	case *rsa.PrivateKey:
		return key, nil
	case *ecdsa.PrivateKey:
		return key, nil
	case ed25519.PrivateKey:
		return key, nil
	}
	return nil, keyError("the type is none of RSA, EC and Ed25519")
}

// errPrivate is about keys that somebody has let out, or is about to.
var errPrivate = errors.New("a private or symmetric key stands where public ones are read: whoever can read it can sign; replace it")

// publicPEM reads a public key: SubjectPublicKeyInfo (RFC 5280), PKCS #1, or that
// of a certificate. Of a certificate nothing else counts, neither who has signed
// it nor until when: whoever configures it says that the key is to be trusted.
func publicPEM(block *pem.Block) (crypto.PublicKey, error) {
	var key any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		key, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		key, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		var c *x509.Certificate
		if c, err = x509.ParseCertificate(block.Bytes); err == nil {
			key = c.PublicKey
		}
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return nil, errPrivate
	default:
		return nil, keyError("the PEM block is neither a public key nor a certificate")
	}
	if err != nil {
		return nil, keyError("the public key in PEM cannot be read")
	}
	return key, nil
}
