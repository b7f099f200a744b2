import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';

/** What a TLS server needs, in PEM, and the certificate of the authority that vouches for it. */
export interface ServerCertificate {
  key: string;
  cert: string;
  ca: string;
}

const validity = 90 * 24 * 60 * 60 * 1000;

/**
 * A certificate for these host names and addresses, made now. The authority's key is forgotten with it, so nothing
 * else can ever be signed by it: whoever trusts it trusts this one server.
 *
 * @see RFC 5280, section 4.1
 */
export function createServerCertificate(hosts: readonly string[]): ServerCertificate {
  const authority = newKeys();
  const server = newKeys();
  const issuer = name('jAccount emulator CA (this machine)');
  const ca = certificate({ issuer, subject: issuer, keys: authority, signer: authority }, [
    extension(oid.basicConstraints, sequence(boolean(true)), true),
    extension(oid.keyUsage, bitString(Buffer.of(0x06), 1), true),
  ]);
  const cert = certificate({ issuer, subject: name('jAccount emulator'), keys: server, signer: authority }, [
    extension(oid.basicConstraints, sequence(), true),
    extension(oid.keyUsage, bitString(Buffer.of(0x80), 7), true),
    extension(oid.extendedKeyUsage, sequence(oid.serverAuth)),
    extension(oid.subjectAltName, sequence(...hosts.map(generalName))),
  ]);
  const key = server.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  return { key, cert: pem(cert), ca: pem(ca) };
}

interface Keys {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

function newKeys(): Keys {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

interface Parties {
  issuer: Buffer;
  subject: Buffer;
  keys: Keys;
  signer: Keys;
}

function certificate({ issuer, subject, keys, signer }: Parties, extensions: readonly Buffer[]): Buffer {
  const algorithm = sequence(oid.ecdsaWithSHA256);
  const identifiers = [
    extension(oid.subjectKeyIdentifier, element(0x04, identifierOf(keys))),
    extension(oid.authorityKeyIdentifier, sequence(element(0x80, identifierOf(signer)))),
  ];
  const now = Date.now();
  const toBeSigned = sequence(
    element(0xa0, element(0x02, Buffer.of(2))),
    // Positive, and not shorter for a leading zero: RFC 5280, section 4.1.2.2.
    element(0x02, Buffer.concat([Buffer.of(0x40), randomBytes(15)])),
    algorithm,
    issuer,
    sequence(time(now - validity / 90), time(now + validity)),
    subject,
    publicKeyInfo(keys),
    element(0xa3, sequence(...extensions, ...identifiers)),
  );
  return sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, signer.privateKey)));
}

const oid = {
  ecdsaWithSHA256: Buffer.from('06082a8648ce3d040302', 'hex'),
  commonName: Buffer.from('0603550403', 'hex'),
  subjectKeyIdentifier: Buffer.from('0603551d0e', 'hex'),
  keyUsage: Buffer.from('0603551d0f', 'hex'),
  subjectAltName: Buffer.from('0603551d11', 'hex'),
  basicConstraints: Buffer.from('0603551d13', 'hex'),
  authorityKeyIdentifier: Buffer.from('0603551d23', 'hex'),
  extendedKeyUsage: Buffer.from('0603551d25', 'hex'),
  serverAuth: Buffer.from('06082b06010505070301', 'hex'),
};

// DER: a tag, the length, the content. X.690, section 8.1.
function element(tag: number, ...content: readonly Buffer[]): Buffer {
  const octets = Buffer.concat(content);
  const { length } = octets;
  const lengthOctets =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...lengthOctets), octets]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return element(0x30, ...content);
}

function boolean(value: boolean): Buffer {
  return element(0x01, Buffer.of(value ? 0xff : 0));
}

function bitString(octets: Buffer, unusedBits = 0): Buffer {
  return element(0x03, Buffer.of(unusedBits), octets);
}

function name(text: string): Buffer {
  return sequence(element(0x31, sequence(oid.commonName, element(0x0c, Buffer.from(text)))));
}

// UTCTime, as RFC 5280 has it until 2049: YYMMDDHHMMSSZ.
function time(milliseconds: number): Buffer {
  const digits = new Date(milliseconds).toISOString().replace(/\D/g, '').slice(2, 14);
  return element(0x17, Buffer.from(`${digits}Z`));
}

function generalName(host: string): Buffer {
  if (isIP(host) === 4) return element(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIP(host) === 6) return element(0x87, addressOctets(host));
  return element(0x82, Buffer.from(host, 'latin1'));
}

// As URLs write it: in groups of hexadecimal digits, without the dots of an IPv4 address.
function addressOctets(given: string): Buffer {
  const address = new URL(`http://[${given}]`).hostname.slice(1, -1);
  const [head = '', tail = ''] = address.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const zeros = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

function extension(type: Buffer, value: Buffer, critical = false): Buffer {
  return sequence(type, ...(critical ? [boolean(true)] : []), element(0x04, value));
}

function publicKeyInfo({ publicKey }: Keys): Buffer {
  return publicKey.export({ format: 'der', type: 'spki' });
}

function identifierOf(keys: Keys): Buffer {
  return createHash('sha1').update(publicKeyInfo(keys)).digest();
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
