"""Messages to a tab in the order in which they were sent.

trame's client takes a socket's messages as blobs, whose bytes come with a delay that grows with
their number: a small message overtakes a large one that was sent before. So the state that a tab
fetches first, tens of kilobytes, can undo an answer that was sent after it, and the tab waits for
good. Messages as array buffers are there at once; here they are given a blob's way of being read.
"""

_SCRIPT = """
(() => {
  class Bytes {
    constructor(buffer) { this.buffer = buffer; }
    slice(...range) { return new Bytes(this.buffer.slice(...range)); }
    arrayBuffer() { return Promise.resolve(this.buffer); }
  }
  window.WebSocket = class extends WebSocket {
    set binaryType(_) { super.binaryType = 'arraybuffer'; }
    set onmessage(hear) { super.onmessage = ({data}) => hear({data: new Bytes(data)}); }
  };
})();
"""


def keep_order(page: bytes) -> bytes:
    """Return a page of HTML whose scripts hear binary messages in the order of sending.

    Parameters
    ----------
    page : bytes
        HTML with a head.

    Returns
    -------
    bytes
        The same with a script before all others.
    """
    return page.replace(b"<head>", f"<head><script>{_SCRIPT}</script>".encode(), 1)
