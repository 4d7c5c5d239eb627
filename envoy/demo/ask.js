"use strict";

// Sends a request, and says all that a script gets to know of what comes back.
async function ask({ url, ...options }) {
  try {
    const response = await fetch(url, options);
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  } catch (error) {
    // The same for every refusal: only the console says why, so that a page learns nothing of what it may not read.
    return { refused: String(error) };
  }
}
