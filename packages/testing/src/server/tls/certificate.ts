import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import {
  bitString,
  boolean,
  objectIdentifier,
  octetString,
  sequence,
  set,
  tagged,
  unsigned,
  utcTime,
  utf8,
} from './der.js';

const DAY_MS = 86_400_000;
const ECDSA_WITH_SHA256 = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const X509_V3 = tagged(0xa0, unsigned(Buffer.from([2])));
const CERTIFICATE_AUTHORITY = extension('2.5.29.19', sequence(boolean(true)), { critical: true });
/** The names under which the servers are reached: localhost and 127.0.0.1. */
const LOOPBACK = extension(
  '2.5.29.17',
  sequence(tagged(0x82, Buffer.from('localhost')), tagged(0x87, Buffer.from([127, 0, 0, 1]))),
);

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** A certificate for a server on the loopback, or for its client. */
  issue(commonName: string): Certificate;
}

/**
 * A certificate authority of a moment, good for a day. Made here rather than with openssl, which is not on every machine
 * that has Node: Node signs, but writes no certificates.
 */
export function createAuthority(commonName: string): Authority {
  const { publicKey, privateKey } = newKeys();
  const own = { issuer: commonName, privateKey };
  return {
    cert: certify(publicKey, commonName, own, CERTIFICATE_AUTHORITY),
    key: toPem(privateKey),
    issue(name) {
      const keys = newKeys();
      return { cert: certify(keys.publicKey, name, own, LOOPBACK), key: toPem(keys.privateKey) };
    },
  };
}

function certify(
  publicKey: KeyObject,
  subject: string,
  { issuer, privateKey }: { issuer: string; privateKey: KeyObject },
  ...extensions: Buffer[]
): string {
  const now = Date.now();
  const content = sequence(
    X509_V3,
    // a serial is positive and unique; its first byte must not be 0
    unsigned(Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ECDSA_WITH_SHA256,
    nameOf(issuer),
    // a day back, for clocks that disagree
    sequence(utcTime(new Date(now - DAY_MS)), utcTime(new Date(now + DAY_MS))),
    nameOf(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
  const certificate = sequence(content, ECDSA_WITH_SHA256, bitString(sign('sha256', content, privateKey)));
  const lines = certificate.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extension(id: string, value: Buffer, { critical = false } = {}): Buffer {
  return sequence(objectIdentifier(id), ...(critical ? [boolean(true)] : []), octetString(value));
}

function nameOf(commonName: string): Buffer {
  return sequence(set(sequence(objectIdentifier('2.5.4.3'), utf8(commonName))));
}

function newKeys() {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

function toPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
