// Reads {accountSid, keySid, secret, identity, room, ttl, nbf} from standard
// input and prints the access token that Twilio's helper makes of it.
import twilio from "twilio";

let text = "";
for await (const chunk of process.stdin) text += chunk;
const { accountSid, keySid, secret, identity, room, ttl, nbf } = JSON.parse(text);
const token = new twilio.jwt.AccessToken(accountSid, keySid, secret, { identity, ttl, nbf });
token.addGrant(new twilio.jwt.AccessToken.VideoGrant({ room }));
process.stdout.write(token.toJwt());
