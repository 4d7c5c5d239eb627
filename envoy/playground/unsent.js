// What a browser refuses before CORS has a say in it: the request is not sent.

/** Fetch, "block bad port", and 0, which Chromium blocks too. */
const BAD_PORTS = [
  0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111,
  113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554,
  556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666,
  6667, 6668, 6669, 6679, 6697, 10080,
];

/** Secure Contexts, "is origin potentially trustworthy": this machine, which no network lies before. */
const LOCAL = /^(localhost\.?|.*\.localhost\.?|127\.\d+\.\d+\.\d+|\[::1\])$/;

/** Why a page of an origin cannot ask for a URL; undefined where it can. */
export function unsent(origin, url) {
  if (!URL.canParse(url)) return undefined;
  const { protocol, port, hostname } = new URL(url);
  if (port !== "" && BAD_PORTS.includes(Number(port))) {
    return `browsers send nothing to port ${port}, which another protocol has`;
  }
  if (origin.startsWith("https://") && protocol === "http:" && !LOCAL.test(hostname)) {
    return "a page of https:// asks for http://, which is mixed content";
  }
  return undefined;
}
