/** Read by a person in the changelogs: source, installed version, newer version, the CVEs fixed on the way. */
export const fixesReadByHand: readonly (readonly [name: string, from: string, to: string, cves: string])[] = [
  ["aide", "0.18.3-1+deb12u4", "0.18.3-1+deb12u5", ""],
  [
    "apr-util",
    "1.6.3-1",
    "1.6.3-1+deb12u1",
    "CVE-2025-49506 CVE-2026-32327 CVE-2026-34191 CVE-2026-34501 CVE-2026-34502",
  ],
  ["cyrus-sasl2", "2.1.28+dfsg-10", "2.1.28+dfsg-10+deb12u1", "CVE-2026-107161"],
  ["designate", "1:15.0.0-4", "1:15.0.2-0+deb11u1", "CVE-2026-71193 CVE-2026-71194"],
  // Two versions on the way, of which the first names none.
  ["glance", "2:25.1.0-2+deb12u3", "2:25.1.0-2+deb12u5", "CVE-2026-71196 CVE-2026-71197 CVE-2026-71198"],
  // 46447 is "follow-up patch for CVE-2026-46447 (erata1)".
  ["ironic", "1:21.4.4-0+deb12u1", "1:21.4.4-0+deb12u2", "CVE-2026-43003 CVE-2026-46447 CVE-2026-54421"],
  // The installed version had fixed it, and not wholly.
  ["jq", "1.6-2.1+deb12u2", "1.6-2.1+deb12u3", "CVE-2026-32316"],
  ["librabbitmq", "0.11.0-1+deb12u2", "0.11.0-1+deb12u3", "CVE-2026-59986 CVE-2026-61547"],
  ["octavia", "11.0.0-2", "11.0.0-2+deb12u1", "CVE-2026-74248 CVE-2026-94571 CVE-2026-94572"],
  // The first version on the way says "8 security fixes" and no more.
  ["pcre2", "10.42-1", "10.42-1+deb12u2", "CVE-2026-103111"],
  ["poppler", "22.12.0-2+deb12u2", "22.12.0-2+deb12u3", "CVE-2024-6239 CVE-2025-43903 CVE-2025-50420 CVE-2025-52886"],
  [
    "redis",
    "5:7.0.15-1~deb12u7",
    "5:7.0.15-1~deb12u10",
    "CVE-2026-23631 CVE-2026-25243 CVE-2026-66373 CVE-2026-81934 CVE-2026-92925",
  ],
  ["redis", "5:7.0.15-1~deb12u8", "5:7.0.15-1~deb12u9", "CVE-2026-66373"],
  ["rtpengine", "10.5.3.5-1", "10.5.3.5-1+deb12u1", "CVE-2025-53399"],
];
