// A virtual authenticator in somebody's browser, over the DevTools protocol.

/**
 * @param {import("./people.js").Person} person
 * @param {object} [as]
 * @param {boolean} [as.verifies] it asks for a finger, a face or a PIN
 */
export async function withAuthenticator({ page, context }, { verifies = true } = {}) {
  const client = await context.newCDPSession(page);
  await client.send("WebAuthn.enable");
  const { authenticatorId } = await client.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2", transport: verifies ? "internal" : "usb", hasResidentKey: verifies, hasUserVerification: verifies,
      isUserVerified: verifies, automaticPresenceSimulation: true,
    },
  });
  return {
    /** Its passkeys. */
    async credentials() {
      return (await client.send("WebAuthn.getCredentials", { authenticatorId })).credentials;
    },
    /** The person does not agree from now on, or does again. @param {boolean} agree */
    async agrees(agree) {
      await client.send("WebAuthn.setUserVerified", { authenticatorId, isUserVerified: agree });
    },
    /**
     * Sets back the counter of a passkey, as a copy of it would have.
     * @param {string} credentialId
     */
    async setBack(credentialId) {
      const credential = (await this.credentials()).find((c) => c.credentialId === credentialId);
      if (!credential) throw new Error("no such passkey");
      await client.send("WebAuthn.removeCredential", { authenticatorId, credentialId });
      await client.send("WebAuthn.addCredential", { authenticatorId, credential: { ...credential, signCount: 0 } });
    },
  };
}
