// Requests and rules to begin with, by the names of their buttons. The rules are variants of the sample, which is
// fetched.

export const REQUESTS = {
  reads: { origin: "https://www.example.com" },
  origin: { origin: "https://www.example.org" },
  preflight: {
    kind: "preflight",
    method: "PUT",
    origin: "https://app.example.com",
    names: "content-type, x-oss-meta-author",
  },
  method: { kind: "preflight", method: "PUT", origin: "https://www.example.com" },
  header: { kind: "preflight", method: "PUT", origin: "https://app.example.com", names: "content-type, x-trace" },
  null: { origin: "null" },
  none: { origin: "" },
  credentials: { origin: "https://www.example.com", credentials: true },
  unlisted: { origin: "https://www.example.com", url: "/a-bucket-of-nobody/test.txt" },
};

const pretty = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** The sample's headers as the AWS SDKs send and read them. */
const forS3 = (sample) =>
  sample
    .replaceAll('"content-md5", "content-type", "x-oss-*"', '"amz-sdk-*", "content-type", "x-amz-*"')
    .replaceAll('"x-oss-*"', '"amz-sdk-*", "x-amz-*"')
    .replaceAll('"x-oss-request-id"', '"x-amz-checksum-crc32"');

/** Each makes a configuration from the text of the sample. */
export const RULES = {
  sample: (sample) => sample,
  s3: (sample) => pretty({ ...JSON.parse(forS3(sample)), profile: "s3", explain: true }),
  site: () =>
    pretty({
      profile: "fetch",
      buckets: [
        {
          name: "site",
          hosts: ["*"],
          cors: [{ AllowedOrigins: ["*"], AllowedMethods: ["GET", "HEAD"], MaxAgeSeconds: 600 }],
        },
      ],
    }),
  mistakes: () =>
    pretty({
      profile: "oss",
      buckets: [
        {
          name: "oss-cors-test",
          cors: {
            CORSRules: [
              {
                AllowedOrigins: ["https://*.*.example.com", "https://www.example.com/"],
                AllowedMethods: ["GET", "PATCH"],
                MaxAgeSeconds: -1,
              },
            ],
          },
        },
      ],
    }),
};
