// What makes the status page live: on an event, and now and then, it asks for itself again and takes over
// what has changed. It is allowed by its hash, and makes no markup from text.

let pageScript: HTML = """
    'use strict';
    (() => {
      const events = ['adopted', 'checkout', 'clone', 'config', 'drain', 'error', 'fetch', 'gap',
        'hook', 'keep', 'listening', 'log', 'origin', 'push', 'reconcile', 'reload', 'retry', 'saved',
        'settle', 'start', 'stopped', 'supervisor', 'watch', 'webhook'];
      const shortest = 400, calm = 3000, patience = 10000, comeBack = 5000;
      const at = (id, page = document) => page.getElementById(id);
      let source, timer, later, due, said, asking = false, asked = 0, more = false;
      let told = at('verdict').textContent, next = told;

      // Changes `old` into `now` piece by piece: focus, selection and what is read stay where they are.
      function change(old, now) {
        if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName) {
          return old.replaceWith(document.importNode(now, true));
        }
        if (old.nodeType !== 1) { if (old.data !== now.data) old.data = now.data; return; }
        for (const { name } of [...old.attributes]) {
          if (!now.hasAttribute(name)) old.removeAttribute(name);
        }
        for (const { name, value } of now.attributes) {
          if (old.getAttribute(name) !== value) old.setAttribute(name, value);
        }
        while (old.childNodes.length > now.childNodes.length) old.lastChild.remove();
        now.childNodes.forEach((child, index) => {
          const there = old.childNodes[index];
          if (there) change(there, child); else old.append(document.importNode(child, true));
        });
      }

      function take(page) {
        for (const part of document.querySelectorAll('body > [data-live]')) {
          const now = at(part.id, page);
          if (now) change(part, now);
        }
        document.title = page.title;
        at('stale').hidden = true;
        tell(at('verdict').textContent);
      }

      // To screen readers, once, and only what has stayed true for a while.
      function tell(text) {
        if (text === next) return;
        next = text;
        clearTimeout(said);
        if (text !== told) said = setTimeout(() => { at('say').textContent = told = text; }, calm);
      }

      function lose() {
        const time = document.querySelector('header time').textContent;
        const text = `No answer from the engine. This is how it stood at ${time}.`;
        if (at('stale').hidden) { at('stale').textContent = text; at('stale').hidden = false; }
        tell('No answer from the engine');
      }

      function ask() {
        clearTimeout(timer);
        if (asking) { more = true; return; }
        asking = true; more = false; asked = Date.now();
        const request = new XMLHttpRequest();
        request.open('GET', '/');
        request.responseType = 'document';
        request.timeout = patience;
        request.onloadend = () => {
          asking = false;
          const page = request.status === 200 && request.responseXML;
          if (page && at('main', page)) take(page); else lose();
          plan(more ? shortest : at('main').dataset.period);
        };
        request.send();
      }

      function plan(time) {
        clearTimeout(timer);
        due = Date.now() + Number(time);
        if (!document.hidden) timer = setTimeout(ask, time);
      }
      function soon() {
        const time = Math.max(50, asked + shortest - Date.now());
        if (asking) more = true; else if (Date.now() + time < due) plan(time);
      }

      function listen() {
        source = new EventSource('/v1/events');
        source.onopen = soon;
        for (const name of events) source.addEventListener(name, soon);
        source.onerror = () => {
          if (source.readyState === 2) later = setTimeout(listen, comeBack);
        };
      }

      // A page that nobody sees holds no connection.
      function look() {
        if (source) source.close();
        clearTimeout(timer);
        clearTimeout(later);
        if (!document.hidden) { listen(); ask(); }
      }
      document.addEventListener('visibilitychange', look);
      look();
    })();
    """
