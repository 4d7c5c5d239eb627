//! What a file is, told from the file, and what is said of those that are not read.

use super::import;
use crate::tool::Folder;

/// What a text is taken for, as the first line says it.
fn taken(text: &str) -> String {
    let printed = import(&["--bucket", "b", "-"], text.as_bytes());
    printed.stderr.lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_sample_is_told_from_the_file() {
    for (file, source) in [
        ("console.json", "s3"),
        ("wrapped.json", "s3"),
        ("get-bucket-cors.json", "s3"),
        ("s3.xml", "s3"),
        ("oss.xml", "oss"),
        ("ossutil-1.json", "oss"),
        ("gcs.json", "gcs"),
        ("gcs-describe.json", "gcs"),
        ("gcs-describe.yaml", "gcs"),
        ("terraform-state.json", "terraform"),
        ("terraform-plan.json", "terraform"),
        ("envoy.yaml", "envoy"),
        ("envoy-legacy.json", "envoy"),
        ("istio.yaml", "istio"),
        ("httproute.yaml", "istio"),
        ("higress.yaml", "higress"),
        ("ingress.yaml", "higress"),
        ("ingress-nginx.yaml", "ingress-nginx"),
    ] {
        // No store takes two letters for a bucket's name.
        let named: &[&str] = if file == "s3.xml" {
            &["--bucket", "photos"]
        } else {
            &[]
        };
        let told = import(&[&[file], named].concat(), b"");
        let said = import(&[&["--from", source, file], named].concat(), b"");
        let line = format!("{file}: read as --from {source}\n");
        assert_eq!(told.stderr.strip_prefix(&line), Some(&*said.stderr), "{file}");
        assert_eq!((told.status, told.stdout), (said.status, said.stdout), "{file}");
    }
}

#[test]
fn what_is_not_read_is_named_with_the_way_out() {
    for (text, what, way_out) in [
        (
            "resource \"aws_s3_bucket_cors_configuration\" \"a\" {\n  bucket = \"b\"\n}\n",
            "Terraform's own language",
            "terraform show -json",
        ),
        (
            "metadata:\n  annotations:\n    x: {{ .Values.cors }}\n",
            "a template",
            "helm template",
        ),
        (
            "NAME: x\nUSER-SUPPLIED VALUES:\nnull\n\nCOMPUTED VALUES:\na: b\nHOOKS:\nMANIFEST:\n---\nkind: VirtualService\n",
            "helm get all",
            "helm get manifest",
        ),
        (
            "kind: HTTPProxy\nspec: {virtualhost: {corsPolicy: {allowOrigin: ['*']}}}\n",
            "Contour",
            "--from envoy",
        ),
        (
            "[{\"AllowedMethods\": \"GET\", \"AllowedOrigins\": \"*\", \"ExposedHeaders\": \"\", \"MaxAgeInSeconds\": 1}]",
            "Azure Storage",
            "by hand",
        ),
        (
            "plugins:\n- {name: cors, config: {origins: ['*']}}\n",
            "Kong's plugin",
            "by hand",
        ),
        (
            "http: {middlewares: {a: {headers: {accessControlAllowOriginList: ['*']}}}}\n",
            "Traefik's Middleware",
            "by hand",
        ),
        (
            "{\"success\": false, \"errors\": [{\"code\": 10059}], \"result\": null}",
            "an error of Cloudflare's API",
            "see what its errors say",
        ),
        (
            "cors: {enabled: true, origins: [a]}\ningress: {enabled: true}\n",
            "values of a Helm chart",
            "helm template",
        ),
        (
            "name = \"w\"\n[[r2_buckets]]\nbucket_name = \"photos\"\n",
            "wrangler's configuration",
            "r2/buckets/NAME/cors",
        ),
        (
            "{\"r2_buckets\": [{\"bucket_name\": \"photos\"}]} // wrangler.jsonc\n",
            "wrangler's configuration",
            "--from r2",
        ),
        (
            "kind: EnvoyFilter\nspec: {configPatches: []}\n",
            "EnvoyFilter",
            "config dump",
        ),
        (
            "apiVersion: s3.aws.upbound.io/v1beta1\nkind: BucketCorsConfiguration\nspec: {}\n",
            "Crossplane",
            "get-bucket-cors",
        ),
        (
            "apiVersion: s3.services.k8s.aws/v1alpha1\nkind: Bucket\nspec: {cors: {corsRules: []}}\n",
            "ACK",
            "get-bucket-cors",
        ),
        (
            "[{\"corsRuleName\": \"a\", \"allowedOrigins\": [\"*\"], \"allowedOperations\": [\"s3_get\"]}]",
            "Backblaze B2",
            "get-bucket-cors",
        ),
        (
            "{\"properties\": {\"cors\": {\"corsRules\": []}}}",
            "Azure",
            "by hand",
        ),
        (
            "<StorageServiceProperties><Cors><CorsRule/></Cors></StorageServiceProperties>",
            "Azure",
            "by hand",
        ),
        (
            "{\"version\": 3, \"deployment\": {\"resources\": []}}",
            "Pulumi",
            "get-bucket-cors",
        ),
        (
            "<CorsConfig><Cors><Origins><Origin>*</Origin></Origins></Cors></CorsConfig>",
            "Google Cloud Storage's XML",
            "--from gcs",
        ),
        (
            "apiVersion: storage.cnrm.cloud.google.com/v1beta1\nkind: StorageBucket\nspec: {cors: [{origin: ['*']}]}\n",
            "Config Connector",
            "--from gcs",
        ),
        (
            "ROSTemplateFormatVersion: '2015-09-01'\nResources:\n  B:\n    Type: ALIYUN::OSS::Bucket\n    Properties:\n      \
             CORSConfiguration: {CORSRule: []}\n",
            "a template of Alibaba Cloud's ROS",
            "ossutil api get-bucket-cors",
        ),
        (
            "{\"version\": 3, \"serial\": 1, \"modules\": [{\"path\": [\"root\"], \"resources\": {}}]}",
            "a state of Terraform before 0.12",
            "a newer Terraform",
        ),
        (
            "{\"resource\": {\"aws_s3_bucket\": {\"b\": {\"cors_rule\": []}}}}",
            "Terraform's own language",
            "terraform show -json",
        ),
        (
            "locals {\n  cors = [\"*\"]\n}\n",
            "Terraform's own language",
            "terraform show -json",
        ),
        (
            "kind: Ingress\nmetadata: {annotations: {alb.ingress.kubernetes.io/enable-cors: 'true'}}\n",
            "an Ingress of another controller",
            "by hand",
        ),
        (
            "kind: Ingress\nmetadata: {annotations: {haproxy.org/cors-enable: 'true'}}\n",
            "an Ingress of another controller",
            "by hand",
        ),
        (
            "kind: ConfigMap\ndata:\n  cors.xml: |\n    <CORSConfiguration/>\n",
            "a ConfigMap with CORS in its texts",
            "a file of its own",
        ),
        (
            "kind: ConfigMap\ndata:\n  rules: '[{\"AllowedOrigins\": [\"*\"]}]'\n",
            "a ConfigMap with CORS in its texts",
            "a file of its own",
        ),
        (
            "kind: ConfigMap\ndata:\n  nginx.conf: |\n    add_header Access-Control-Allow-Origin '*';\n",
            "a ConfigMap with CORS in its texts",
            "by hand",
        ),
        (
            "service: s\nprovider: {name: aws, httpApi: {cors: true}}\n",
            "an API Gateway's definition",
            "by hand",
        ),
    ] {
        let line = taken(text);
        assert!(line.contains(what) && line.contains(way_out), "{text}: {line}");
        assert_eq!(import(&["-"], text.as_bytes()).status, 2, "{text}");
    }
}

#[test]
fn a_configuration_of_the_filter_s_is_for_check() {
    let text =
        r#"{"buckets": [{"name": "b", "cors": [{"AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}]}]}"#;
    for arguments in [&["-"][..], &["--from", "s3", "-"]] {
        let printed = import(arguments, text.as_bytes());
        assert_eq!(printed.status, 2);
        assert!(
            printed.stderr.contains("`bucket-cors check` says"),
            "{}",
            printed.stderr
        );
    }
}

#[test]
fn a_folder_is_walked_and_what_it_holds_beside_is_named() {
    const RULES: &str =
        r#"{"CORSRules": [{"AllowedOrigins": ["https://a.example"], "AllowedMethods": ["GET"]}]}"#;
    let folder = Folder::new("import-folder");
    std::fs::create_dir_all(folder.path().join("rules/deeper")).unwrap();
    std::fs::create_dir_all(folder.path().join("rules/.hidden")).unwrap();
    folder.write("rules/photos.json", RULES);
    folder.write("rules/deeper/videos.cors.json", RULES);
    folder.write("rules/.hidden/none.json", RULES);
    std::fs::create_dir_all(folder.path().join("rules/.git")).unwrap();
    folder.write("rules/.git/quiet.json", RULES);
    folder.write("rules/package.json", "{}");
    folder.write("rules/notes.txt", "cors");
    folder.write("rules/site.yaml", "kind: HTTPProxy\nspec: {cors: {}}\n");
    folder.write(
        "rules/main.tf",
        "locals {\n  rules = jsondecode(file(\"cors.json\"))\n}\n",
    );
    folder.write("rules/other.tf", "# nothing of the kind\n");
    let output = folder.run(&["import", "rules"]);
    let configuration = bucket_cors::config::parse(output.stdout.as_bytes()).0;
    let buckets = configuration.expect(&output.stderr).buckets;
    let names: Vec<_> = buckets.iter().map(|bucket| bucket.name.as_ref()).collect();
    assert_eq!(names, ["videos", "photos"]);
    assert_eq!(output.code, 1);
    assert!(
        output
            .stderr
            .contains("rules/site.yaml:2:14: not carried over: this file: it is Contour's HTTPProxy"),
        "{}",
        output.stderr
    );
    assert!(
        output
            .stderr
            .contains("rules/main.tf: not carried over: this file: it is Terraform's own language"),
        "{}",
        output.stderr
    );
    assert!(
        output
            .stderr
            .contains("rules/.hidden/none.json: not carried over: this file looks like what --from s3 reads"),
        "{}",
        output.stderr
    );
    let alone = folder.run(&["import", "rules/other.tf"]);
    assert!(
        alone.code == 2 && alone.stderr.contains("terraform show -json"),
        "{alone:?}"
    );
    for quiet in ["other.tf", "package.json", "notes.txt", "quiet.json"] {
        assert!(!output.stderr.contains(quiet), "{}", output.stderr);
    }
    assert_eq!(folder.run(&["import", "--from", "gcs", "rules"]).code, 1);
}

#[test]
fn a_resource_beside_those_of_the_source_is_named() {
    const SERVICE: &str = "kind: VirtualService\nspec:\n  hosts: [a.example]\n  http:\n  - corsPolicy: {allowOrigins: [{exact: \
                           'https://a.example'}], allowMethods: [GET]}\n";
    for (resource, way_out) in [
        (
            "kind: Ingress\nmetadata: {name: x, annotations: {higress.io/enable-cors: 'true'}}\nspec: {rules: []}\n",
            "--from higress or --from ingress-nginx",
        ),
        (
            "kind: EnvoyFilter\nmetadata: {name: x}\nspec: {value: {cors: {allow_origin: ['*']}}}\n",
            "--from envoy",
        ),
        (
            "kind: EnvoyFilter\nmetadata: {name: x}\nspec: {value: {'@type': x.CorsPolicy}}\n",
            "--from envoy",
        ),
        (
            "kind: HTTPProxy\nmetadata: {name: x}\nspec: {virtualhost: {corsPolicy: {allowOrigin: ['*']}}}\n",
            "--from envoy",
        ),
        (
            "kind: Ingress\nmetadata: {name: x, annotations: {alb.ingress.kubernetes.io/enable-cors: 'true'}}\nspec: {}\n",
            "another controller",
        ),
        (
            "kind: ConfigMap\nmetadata: {name: x}\ndata: {rules: '{\"CORSRules\": []}'}\n",
            "a file of its own",
        ),
        (
            "kind: SomethingNew\nmetadata: {name: x}\nspec: {corsRules: [1]}\n",
            "write a rule",
        ),
    ] {
        let printed = import(
            &["--from", "istio", "-"],
            format!("{SERVICE}---\n{resource}").as_bytes(),
        );
        let line = printed
            .stderr
            .lines()
            .find(|line| line.contains("not carried over"));
        let line = line.unwrap_or_else(|| panic!("{resource}: {}", printed.stderr));
        assert!(
            line.starts_with("(standard input):") && line.contains(way_out),
            "{line}"
        );
        assert_eq!(printed.status, 1);
    }
    let without =
        "---\nkind: Ingress\nmetadata: {name: x}\nspec: {rules: []}\n---\nkind: Service\nspec: {}\n";
    let printed = import(
        &["--from", "istio", "-"],
        format!("{SERVICE}{without}").as_bytes(),
    );
    assert_eq!(printed.status, 0, "{}", printed.stderr);
}
