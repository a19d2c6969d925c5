// Comes into the call with what the server of this page was given by Foyer.

import { Room, RoomEvent } from "/sdk.mjs";

const form = document.querySelector("form");
const button = form.querySelector("button");
const status = document.querySelector("[role=status]");
const list = document.querySelector("ul");
const pictures = document.querySelector("section");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  try {
    const answer = await fetch("/visitors", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: form.elements.namedItem("name").value }),
    });
    if (answer.ok) {
      await enter((await answer.json()).token);
      form.hidden = true;
    } else {
      status.textContent = await answer.text();
    }
  } catch {
    status.textContent = "The call cannot be reached. Try again in a moment.";
  }
  button.disabled = false;
});

/** @param {string} token */
async function enter(token) {
  const room = new Room();
  const show = () => {
    const people = [room.localParticipant, ...room.remoteParticipants.values()];
    list.replaceChildren(...people.map((person) => {
      const item = document.createElement("li");
      item.textContent = person.name;
      return item;
    }));
  };
  room.on(RoomEvent.ParticipantConnected, show);
  room.on(RoomEvent.ParticipantDisconnected, show);
  room.on(RoomEvent.TrackSubscribed, (track) => pictures.append(track.attach()));
  room.on(RoomEvent.TrackUnsubscribed, (track) => track.detach().forEach((element) => element.remove()));
  room.on(RoomEvent.Disconnected, () => { status.textContent = "The call is over for you."; });
  await room.connect(location.origin, token);
  status.textContent = "You are in.";
  show();
  try {
    await room.localParticipant.enableCameraAndMicrophone();
  } catch {
    status.textContent = "You are in, without a camera and a microphone.";
  }
}
