"use strict";

// What there is to click through. An attempt puts rules in force, asks, and states what should come of it: for each
// request a status that the page can read, or "refused"; and the methods that the edge then has logged.
function stepsFor({ page, sibling, stranger, edge, store }) {
  const rules = (bucket, rule, { document, ...fields } = {}) => ({
    access_log: true,
    buckets: [
      {
        name: bucket,
        ...fields,
        cors: rule && {
          CORSRules: [{ AllowedOrigins: [page], AllowedMethods: ["GET", "HEAD"], ...rule }],
          ...document,
        },
      },
    ],
  });

  // What boto3's put_bucket_cors takes.
  const stored = (origin) => ({
    Bucket: "catalog",
    CORSConfiguration: { CORSRules: [{ AllowedOrigins: [origin], AllowedMethods: ["GET", "HEAD"] }] },
  });

  // Each run has a URL of its own, so that nothing is in a cache and the edge's log lines can be told apart.
  const read = (from, bucket, outcome, options) => (run) =>
    run.ask(from, { url: `${edge}/${bucket}/hello.txt?run=${run.id}`, ...options }, outcome);

  const postForm = (outcome) => async (run) => {
    const key = `uploads/${run.id}.txt`;
    const { url, fields } = await run.sign("post_object", { Bucket: "photos", Key: key });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append("file", new Blob(["posted from a form"], { type: "text/plain" }), "note.txt");
    const request = { url: `${url}?run=${run.id}`, method: "POST", body: form, headers: { "x-app-version": "7" } };
    await run.ask("page", request, outcome);
  };

  const signedPut = async (run) => {
    const { url } = await run.sign("put_object", {
      Bucket: "photos",
      Key: `uploads/${run.id}.txt`,
      ContentType: "text/plain",
      Metadata: { author: "demo" },
    });
    const headers = { "content-type": "text/plain", "x-amz-meta-author": "demo" };
    return { url, method: "PUT", headers, body: "put with a presigned URL" };
  };
  // All that the AWS SDKs send and read: a page may use one instead of signed URLs.
  const uploadRule = {
    AllowedMethods: ["GET", "HEAD", "PUT", "POST", "DELETE"],
    AllowedHeaders: ["amz-sdk-*", "authorization", "content-type", "x-amz-*"],
    ExposeHeaders: ["ETag", "Content-Range", "x-amz-checksum-crc32", "x-amz-meta-author"],
  };

  // All but the last part of an object have at least 5 MiB.
  const parts = ["a".repeat(5 * 1024 * 1024), "the last part"];
  const multipart = (isExposed) => async (run) => {
    const object = { Bucket: "photos", Key: `uploads/${run.id}.bin` };
    const initiate = await run.sign("create_multipart_upload", object);
    const { body } = await run.ask("page", { url: initiate.url, method: "POST" }, 200);
    const upload = { ...object, UploadId: body.match(/<UploadId>(.*?)<\/UploadId>/)[1] };
    const done = [];
    for (const [at, part] of parts.entries()) {
      const { url } = await run.sign("upload_part", { ...upload, PartNumber: at + 1 });
      const { headers } = await run.ask("page", { url, method: "PUT", body: new Blob([part]) }, 200);
      if (!isExposed) {
        run.check("the store's answer names no ETag for the page, so it cannot complete the upload", !headers.etag);
        return;
      }
      run.check(`the page reads the ETag of part ${at + 1}: ${headers.etag}`, headers.etag);
      done.push(`<Part><PartNumber>${at + 1}</PartNumber><ETag>${headers.etag}</ETag></Part>`);
    }
    const complete = await run.sign("complete_multipart_upload", upload);
    const list = `<CompleteMultipartUpload>${done.join("")}</CompleteMultipartUpload>`;
    await run.ask("page", { url: complete.url, method: "POST", body: list }, 200);
  };

  const bothOrigins = { AllowedOrigins: [page, sibling] };
  const twoPages = (outcome) => async (run) => {
    await read("page", "assets", 200)(run);
    await read("sibling", "assets", outcome)(run);
  };

  const imageFirst = (outcome) => async (run) => {
    const asImage = { mode: "no-cors", credentials: "include" };
    await read("page", "assets", 0, asImage)(run);
    await read("page", "assets", outcome)(run);
  };

  const putTwice = (pause) => async (run) => {
    const request = await signedPut(run);
    await run.ask("page", request, 200);
    await run.pause(pause);
    await run.ask("page", request, 200);
  };

  const withCookies = { credentials: "include" };

  return [
    {
      title: "The store by itself lets every page in",
      text: `SeaweedFS answers every origin with CORS headers of its own, so a page that has nothing to do with the app can
        read what is public. This request goes around the edge.`,
      attempts: [
        {
          id: "around-the-edge",
          says: "A stranger's page reads an object straight from the store",
          act: (run) => run.ask("stranger", { url: `${store}/photos/hello.txt?run=${run.id}` }, 200),
          edge: "",
        },
      ],
    },
    {
      title: "At the edge, no rules: the page is refused",
      text: `The edge takes the store's CORS headers away and, without a rule, adds none. The store still answers: it is the
        browser that keeps the answer from the page, and its console says why.`,
      attempts: [
        {
          id: "no-rules",
          says: "The app's page reads an object",
          rules: rules("photos", null),
          act: read("page", "photos", "refused"),
          edge: "GET",
        },
      ],
    },
    {
      title: "With a rule, the page reads the object",
      text: `Rules come into force while the edge runs: no restart, no connection closed. A rule names the origins that may
        read; nobody else may.`,
      attempts: [
        {
          id: "read",
          says: "The app's page reads the same object",
          rules: rules("photos", {}),
          act: read("page", "photos", 200),
          edge: "GET",
        },
        {
          id: "read-as-stranger",
          says: "A stranger's page reads it, too",
          rules: rules("photos", {}),
          act: read("stranger", "photos", "refused"),
          edge: "GET",
        },
      ],
    },
    {
      title: "POST a form with a signed policy and a header of the app's own",
      text: `A form alone needs no preflight; the header x-app-version does. The preflight is answered at the edge, and only
        an allowed one is followed by the upload.`,
      attempts: [
        {
          id: "form-header-not-listed",
          says: "The rule lists POST, but not the header",
          rules: rules("photos", { AllowedMethods: ["POST"] }),
          act: postForm("refused"),
          edge: "OPTIONS",
        },
        {
          id: "form",
          says: "The rule lists the header as well",
          rules: rules("photos", { AllowedMethods: ["POST"], AllowedHeaders: ["x-app-version"] }),
          act: postForm(201),
          edge: "OPTIONS POST",
        },
      ],
    },
    {
      title: "PUT with a presigned URL",
      text: `The app's server signs the URL with a content type and a metadata header, and the page has to send both. PUT
        always takes a preflight.`,
      attempts: [
        {
          id: "put-not-listed",
          says: "The rule lists GET and HEAD only",
          rules: rules("photos", { AllowedHeaders: ["*"] }),
          act: async (run) => run.ask("page", await signedPut(run), "refused"),
          edge: "OPTIONS",
        },
        {
          id: "put",
          says: "The rule lists PUT, and every x-amz- header",
          rules: rules("photos", uploadRule),
          act: async (run) => run.ask("page", await signedPut(run), 200),
          edge: "OPTIONS PUT",
        },
      ],
    },
    {
      title: "Upload in parts",
      text: `Who completes a multipart upload has to name the ETag of each part. The store sends it with each answer, but a
        page reads it only if the rule exposes it.`,
      attempts: [
        {
          id: "multipart-hidden",
          says: "The rule exposes nothing",
          rules: rules("photos", { AllowedMethods: ["PUT", "POST"] }),
          act: multipart(false),
          edge: "POST OPTIONS PUT",
        },
        {
          id: "multipart",
          says: "The rule exposes ETag",
          rules: rules("photos", { AllowedMethods: ["PUT", "POST"], ExposeHeaders: ["ETag"] }),
          act: multipart(true),
          edge: "POST OPTIONS PUT OPTIONS PUT POST",
        },
      ],
    },
    {
      title: "The cache trap: two origins, one URL",
      text: `Two origins of one site share the browser's cache, and the object may be kept for ten minutes. The answer for the
        first origin names that origin. Without Vary: Origin the browser hands it to the second one as well, and then refuses
        it. (SeaweedFS sends Vary itself, which many stores do not; for this bucket the edge takes the store's away. With the
        developer tools' "Disable cache" there is no trap.)`,
      attempts: [
        {
          id: "cache-trap",
          says: "ResponseVary is false",
          rules: rules("assets", bothOrigins, { document: { ResponseVary: false } }),
          act: twoPages("refused"),
          edge: "GET",
        },
        {
          id: "cache",
          says: "ResponseVary is true",
          rules: rules("assets", bothOrigins, { document: { ResponseVary: true } }),
          act: twoPages(200),
          edge: "GET GET",
        },
      ],
    },
    {
      title: "The same trap with one origin: an image first, then a script",
      text: `An img element asks without Origin, so the answer has no CORS headers. It is kept, and handed to the script that
        asks for the same URL. (A script stands in for the image, with mode "no-cors" as an img has it: it reads nothing, and
        so its status is 0.)`,
      attempts: [
        {
          id: "image-trap",
          says: "ResponseVary is false",
          rules: rules("assets", {}, { document: { ResponseVary: false } }),
          act: imageFirst("refused"),
          edge: "GET",
        },
        {
          id: "image",
          says: "ResponseVary is not given: answers to requests without Origin have Vary as well",
          rules: rules("assets", {}),
          act: imageFirst(200),
          edge: "GET GET",
        },
      ],
    },
    {
      title: "Requests with credentials",
      text: `With credentials: "include" the browser sends the site's cookies, and shows the answer only if it names the
        origin and allows credentials.`,
      attempts: [
        {
          id: "credentials-any-origin",
          says: "The rule lists *",
          rules: rules("photos", { AllowedOrigins: ["*"] }),
          act: read("page", "photos", "refused", withCookies),
          edge: "GET",
        },
        {
          id: "credentials-not-allowed",
          says: "The rule lists the origin",
          rules: rules("photos", {}),
          act: read("page", "photos", "refused", withCookies),
          edge: "GET",
        },
        {
          id: "credentials",
          says: "The rule lists the origin, and the bucket allows credentials",
          rules: rules("photos", {}, { allow_credentials: true }),
          act: read("page", "photos", 200, withCookies),
          edge: "GET",
        },
      ],
    },
    {
      title: "Pages whose origin is null",
      text: `A sandboxed frame, a data: URL or a local file has the origin null, and so has anybody's sandboxed frame: a rule
        that lists null lets all of them in.`,
      attempts: [
        {
          id: "null-not-listed",
          says: "The rule lists the app's origin",
          rules: rules("photos", {}),
          act: read("sandbox", "photos", "refused"),
          edge: "GET",
        },
        {
          id: "null",
          says: "The rule lists null",
          rules: rules("photos", { AllowedOrigins: ["null"] }),
          act: read("sandbox", "photos", 200),
          edge: "GET",
        },
        {
          id: "null-any-origin",
          says: "The rule lists *",
          rules: rules("photos", { AllowedOrigins: ["*"] }),
          act: read("sandbox", "photos", 200),
          edge: "GET",
        },
      ],
    },
    {
      title: "An isolated page loads an image",
      text: `A page under Cross-Origin-Embedder-Policy: require-corp (what SharedArrayBuffer takes) loads an object of another
        site without CORS only if the object's Cross-Origin-Resource-Policy allows it. CORS rules play no part. (A script
        stands in for the image again: its status is 0.)`,
      attempts: [
        {
          id: "isolated-no-policy",
          says: "A stranger's isolated page loads the object as an image would",
          rules: rules("photos", {}),
          act: read("isolated", "photos", "refused", { mode: "no-cors" }),
          edge: "GET",
        },
        {
          id: "isolated",
          says: "The bucket says cross_origin_resource_policy: cross-origin",
          rules: rules("photos", {}, { cross_origin_resource_policy: "cross-origin" }),
          act: read("isolated", "photos", 0, { mode: "no-cors" }),
          edge: "GET",
        },
      ],
    },
    {
      title: "The store's errors, readable",
      text: `The object is private, and the store answers 403. With the rule's headers on errors, too, the page can tell
        "access denied" from "no connection".`,
      attempts: [
        {
          id: "error-no-rules",
          says: "Without rules the page learns nothing",
          rules: rules("private", null),
          act: read("page", "private", "refused"),
          edge: "GET",
        },
        {
          id: "error",
          says: "With a rule it reads the status and the store's words",
          rules: rules("private", {}),
          act: async (run) => {
            const { body } = await read("page", "private", 403)(run);
            run.check("the page reads the error's code: AccessDenied", body.includes("<Code>AccessDenied</Code>"));
          },
          edge: "GET",
        },
      ],
    },
    {
      title: "How long a preflight is good for",
      text: `The browser keeps an allowed preflight for MaxAgeSeconds. The same upload twice shows in the edge's log whether
        it asked again.`,
      attempts: [
        {
          id: "preflight-kept",
          says: "MaxAgeSeconds 600: two uploads, one preflight",
          rules: rules("photos", { ...uploadRule, MaxAgeSeconds: 600 }),
          act: putTwice(0),
          edge: "OPTIONS PUT PUT",
        },
        {
          id: "preflight-expired",
          says: "MaxAgeSeconds 1: two uploads, 2 seconds apart, two preflights",
          rules: rules("photos", { ...uploadRule, MaxAgeSeconds: 1 }),
          act: putTwice(2000),
          edge: "OPTIONS PUT OPTIONS PUT",
        },
        {
          id: "preflight-not-kept",
          says: "MaxAgeSeconds 0: two uploads, two preflights",
          rules: rules("photos", { ...uploadRule, MaxAgeSeconds: 0 }),
          act: putTwice(0),
          edge: "OPTIONS PUT OPTIONS PUT",
        },
      ],
    },
    {
      title: "The edge follows the store",
      text: `The rules of this bucket are set in the store, as an app's owner sets them with a console or an SDK, and nobody
        touches the edge. bucket-cors sync asks the store every second, and gives the edge what has changed.`,
      attempts: [
        {
          id: "stored",
          says: "The rule in the store lists the page's origin",
          stored: stored(page),
          act: read("page", "catalog", 200),
          edge: "GET",
        },
        {
          id: "stored-anew",
          says: "It is changed in the store, and lists another page's",
          stored: stored(sibling),
          act: read("page", "catalog", "refused"),
          edge: "GET",
        },
      ],
    },
  ];
}
