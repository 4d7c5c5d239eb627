//! A document that is hostile, damaged or cut ends in a clear error, or is read as far as it goes.

use std::path::Path;

use super::{SAMPLES, assert_loads, import, import_text};
use crate::choices::Random;

#[test]
fn hostile_xml_is_a_clear_error() {
    const RULE: &str =
        "<CORSRule><AllowedOrigin>&a;</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule>";
    let laughs = (1..10).fold("<!ENTITY l0 \"lol\">".to_owned(), |entities, level| {
        let ten = format!("&l{};", level - 1).repeat(10);
        format!("{entities}<!ENTITY l{level} \"{ten}\">")
    });
    let dtd =
        "1:1: the XML has a DTD (<!DOCTYPE …>), which no store prints and which is not read: take it out\n";
    let deep = "<CORSConfiguration>".repeat(100_000);
    let closed = format!("{deep}{}", "</CORSConfiguration>".repeat(100_000));
    let many = format!(
        "<CORSConfiguration>{}</CORSConfiguration>",
        "<a/>".repeat(1_000_001)
    );
    let document = |text: &str| format!("<CORSConfiguration>{text}</CORSConfiguration>");
    for (text, complaint) in [
        (format!("<!DOCTYPE c [{laughs}]>{}", document("&l9;")), dtd),
        (
            format!(
                "<!DOCTYPE c [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{}",
                document(RULE)
            ),
            dtd,
        ),
        (document(RULE), "1:45: bad XML: unknown entity reference 'a'\n"),
        (
            document(RULE).replace("</CORSConfiguration>", ""),
            "1:45: bad XML: unknown entity reference 'a'\n",
        ),
        (
            "<CORSConfiguration><CORSRule>".to_owned(),
            "1:30: bad XML: it ends here, before the root element, which opens at 1:1, is closed: it may have been cut off\n",
        ),
        (
            "<CORSConfiguration><CORSR".to_owned(),
            "1:26: bad XML: it ends here, before the root element, which opens at 1:1, is closed: it may have been cut off\n",
        ),
        (
            deep,
            "1:1900001: bad XML: it ends here, before the root element, which opens at 1:1, is closed: it may have been cut off\n",
        ),
        (
            "<?xml version=\"1.0\"?>\n<!-- é > -->  <!DOCTYPE c>\n<c/>".to_owned(),
            "2:15: the XML has a DTD (<!DOCTYPE …>), which no store prints and which is not read: take it out\n",
        ),
        (
            "\n<!-- <a> -->\n <CORSConfiguration>\n".to_owned(),
            "3:21: bad XML: it ends here, before the root element, which opens at 3:2, is closed: it may have been cut off\n",
        ),
        (
            "<!-- no rules -->\n".to_owned(),
            "1:18: bad XML: there is no root element\n",
        ),
        (many, " the XML has more than 1000000 elements and texts\n"),
        (
            format!(
                "<CORSConfiguration>\n<CORSRule{}/>",
                (0..50_000).map(|at| format!(" a{at}=''")).collect::<String>()
            ),
            "2:1: the XML has a tag, a text or a comment of more than 16384 bytes, which no store prints\n",
        ),
        (
            format!("<CORSConfiguration>{}", "<a xmlns:b='c'>".repeat(30_000)),
            "1:1523: the XML declares more than 100 namespaces, which no store prints\n",
        ),
        (
            "<Error><Code>NoSuchCORSConfiguration</Code><Message>none here</Message></Error>".to_owned(),
            "1:1: it is an error of the store, NoSuchCORSConfiguration, and no rules: none here\n",
        ),
        (
            "<html/>".to_owned(),
            "1:1: its root is <html>, where <CORSConfiguration> is read\n",
        ),
    ] {
        let printed = import_text("s3", &text);
        assert_eq!(printed.stderr, format!("(standard input):{complaint}"));
        assert_eq!((printed.status, printed.stdout.as_str()), (2, ""));
    }
    // Well-formed, so that it is only no document.
    let printed = import_text("s3", &closed);
    assert!(
        printed
            .stderr
            .contains("<CORSConfiguration> is no element of a CORS document"),
        "{}",
        printed.stderr
    );
    assert_eq!(printed.status, 1);
    let latin = b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><CORSConfiguration>\xfc</CORSConfiguration>";
    let printed = import(&["--from", "s3", "--bucket", "b", "-"], latin);
    assert_eq!(
        printed.stderr,
        "(standard input): byte 62 is not UTF-8: save it as UTF-8\n"
    );
    assert_eq!(printed.status, 2);
}

#[test]
fn hostile_yaml_is_a_clear_error() {
    let levels = (1..12).fold("a0: &a0 [x]\n".to_owned(), |text, level| {
        let list = [format!("*a{}", level - 1).as_str(); 10].join(", ");
        format!("{text}a{level}: &a{level} [{list}]\n")
    });
    for (text, complaint) in [
        (
            levels,
            "8:58: it is too large, with everything that its aliases stand for\n",
        ),
        (
            "- ".repeat(100_000),
            "1:257: it is nested more than 128 levels deep\n",
        ),
        (
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            " it is too large, or nested too deep\n",
        ),
        ("a: 1\na: 2\n".to_owned(), "2:1: the key \"a\" is given twice\n"),
    ] {
        for from in ["gcs", "terraform", "envoy", "istio", "higress"] {
            let printed = import(&["--from", from, "-"], text.as_bytes());
            assert_eq!(printed.stderr, format!("(standard input):{complaint}"), "{from}");
            assert_eq!((printed.status, printed.stdout.as_str()), (2, ""));
        }
    }
}

#[test]
fn damaged_samples_are_read_without_a_panic() {
    let mut random = Random(7);
    for (from, file) in [
        ("oss", "oss.xml"),
        ("s3", "get-bucket-cors.json"),
        ("gcs", "gcs.json"),
        ("terraform", "terraform-plan.json"),
        ("envoy", "envoy.yaml"),
        ("istio", "istio.yaml"),
        ("istio", "httproute.yaml"),
        ("higress", "higress.yaml"),
        ("higress", "ingress.yaml"),
    ] {
        let text = std::fs::read(Path::new(SAMPLES).join(file)).unwrap();
        for _ in 0..40 {
            let mut text = text.clone();
            for _ in 0..=random.next() % 4 {
                let mut place = || (random.next() % text.len() as u64) as usize;
                let (from, to) = (place(), place());
                let byte = b"*\"/:-[]{}<>&,0 \n\xff"[place() % 17];
                match to % 3 {
                    0 => text[to] = byte,
                    1 => text.insert(to, byte),
                    _ => {
                        let piece = text[from..text.len().min(from + 20)].to_vec();
                        text.splice(to..to, piece);
                    }
                }
            }
            let printed = import(&["--from", from, "--bucket", "b", "-"], &text);
            assert!((0..=2).contains(&printed.status), "{printed:?}");
            assert_loads(&printed.stdout);
        }
    }
}

#[test]
fn cut_samples_are_read_without_a_panic() {
    for (from, file) in [
        ("oss", "oss.xml"),
        ("s3", "s3-faults.xml"),
        ("gcs", "gcs.json"),
        ("gcs", "gcs-describe.yaml"),
        ("terraform", "terraform-plan.json"),
        ("envoy", "envoy.yaml"),
        ("istio", "istio.yaml"),
        ("higress", "higress.yaml"),
    ] {
        let text = std::fs::read_to_string(Path::new(SAMPLES).join(file)).unwrap();
        for end in (0..text.len())
            .step_by(29)
            .filter(|&end| text.is_char_boundary(end))
        {
            let printed = import_text(from, &text[..end]);
            assert!((0..=2).contains(&printed.status), "{printed:?}");
            assert!(
                printed.status == 0 || !printed.stderr.is_empty(),
                "{file} cut at {end}"
            );
            assert_loads(&printed.stdout);
        }
    }
}

/// Each of them is named with its place, which in a document of one line must not be counted from the start each time.
#[test]
fn a_long_line_of_unknown_elements_is_read_in_time() {
    let elements = "<Unknown/>".repeat(100_000);
    let printed = import_text(
        "s3",
        &format!("<CORSConfiguration>{elements}</CORSConfiguration>"),
    );
    assert!(printed.stderr.ends_with("and 99001 more\n"), "{}", printed.status);
}
