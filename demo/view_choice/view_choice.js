// A radio button per view. Gradio runs this file as a function body with element, props, trigger and watch.

const group = 'view-' + Math.random(); // a page may have several

function makeChoice(name) {
  const label = document.createElement('label');
  const radio = document.createElement('input');
  radio.type = 'radio';
  radio.name = group;
  radio.checked = name === props.value;
  radio.addEventListener('change', () => {
    props.value = name;
    trigger('input');
  });
  label.append(radio, name);
  return label;
}

let offered = '';

function offerViews() {
  if (offered === props.names.join()) return; // the focus would be lost
  offered = props.names.join();
  if (!props.names.includes(props.value)) props.value = props.names[0];
  element.querySelector('.view-choice div').replaceChildren(...props.names.map(makeChoice));
}

watch('names', offerViews);
offerViews();
